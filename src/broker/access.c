/* access.c -- from a command line's words to a connection's options. */
#include "broker/access.h"

#include "base/secret.h"

enum err access_read_password(const struct access *access, char out_password[ACCESS_PASSWORD_MAX],
                              struct fault *out_fault)
{
    if (access->password_file != NULL) {
        return secret_read(access->password_file, out_password, ACCESS_PASSWORD_MAX, out_fault);
    }
    out_password[0] = '\0';
    return ERR_OK;
}

struct broker_options access_options(const struct access *access, const char *password)
{
    return (struct broker_options){
        .uri = access->uri,
        .username = access->username,
        .password = access->password_file != NULL ? password : NULL,
        .ca_file = access->ca_file,
        .certificate_file = access->certificate_file,
        .key_file = access->key_file,
    };
}
