/* chancery-server: the database, the rules, the listeners.  Started by `chancery serve`. */
#include "server/server.h"

int main(int argc, char **argv)
{
        return server_main(argc, argv);
}
