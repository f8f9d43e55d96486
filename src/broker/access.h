/* access.h -- how a program's command line says that the broker is reached. */
#ifndef MUSTER_BROKER_ACCESS_H
#define MUSTER_BROKER_ACCESS_H

#include "broker/broker.h"

enum { ACCESS_PASSWORD_MAX = 512 };

/* Strings are the caller's; NULL where not given. */
struct access {
    const char *uri;
    const char *username;
    const char *password_file; /* its first line is the password */
    const char *ca_file;
    const char *certificate_file;
    const char *key_file;
    const char *topic_root;
};

/* access_read_password reads the password; without a file it is "". Fails as secret_read does. */
enum err access_read_password(const struct access *access, char out_password[ACCESS_PASSWORD_MAX],
                              struct fault *out_fault) MUST_USE;

/* access_options returns options with all that but the client id; password is not looked at where there is no file. */
struct broker_options access_options(const struct access *access, const char *password);

#endif
