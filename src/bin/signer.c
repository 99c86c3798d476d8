/* chancery-signer: the CA's keys.  Started by `chancery serve`. */
#include "signer/signer.h"

int main(int argc, char **argv)
{
        return signer_main(argc, argv);
}
