/* chancery-vault: the sealing key; as `chancery-vault keymaker` the maker of keys.  Started by `chancery serve`. */
#include "vault/vault.h"

int main(int argc, char **argv)
{
        return vault_main(argc, argv);
}
