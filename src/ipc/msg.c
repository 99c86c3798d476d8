#include "ipc/msg.h"

static const char *const method_names[MSG_METHOD_COUNT] = {
        [MSG_METHOD_DNS_TXT] = "dns-txt",
        [MSG_METHOD_DNS_CNAME] = "dns-cname",
        [MSG_METHOD_FILE] = "file",
        [MSG_METHOD_HTTP_01] = "http-01",
        [MSG_METHOD_DNS_01] = "dns-01",
        [MSG_METHOD_TLS_ALPN_01] = "tls-alpn-01",
        [MSG_METHOD_APPROVED] = "approved",
};

const char *msg_method_name(int64_t method)
{
        return method > MSG_METHOD_NONE && method < MSG_METHOD_COUNT ? method_names[method] : "";
}
