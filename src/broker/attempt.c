/* attempt.c -- the will, TLS and the properties, for the time of one call. */
#include "broker/attempt.h"

#include "broker/property.h"

struct parts {
    MQTTAsync_willOptions will;
    MQTTAsync_SSLOptions tls;
    MQTTProperties properties;
    MQTTProperties will_properties;
};

static void fill_will(const struct broker_options *options, struct parts *parts)
{
    parts->will = (MQTTAsync_willOptions)MQTTAsync_willOptions_initializer;
    parts->will.topicName = options->will_topic;
    parts->will.payload.len = (int)options->will_payload.len;
    parts->will.payload.data = options->will_payload.data;
    parts->will.qos = 1;
    parts->will.retained = options->will_retained;
}

static void fill_tls(const struct broker_options *options, const struct attempt_listener *listener, struct parts *parts)
{
    parts->tls = (MQTTAsync_SSLOptions)MQTTAsync_SSLOptions_initializer;
    parts->tls.trustStore = options->ca_file;
    parts->tls.keyStore = options->certificate_file;
    parts->tls.privateKey = options->key_file;
    parts->tls.enableServerCertAuth = 1;
    parts->tls.verify = 1;
    parts->tls.ssl_error_cb = listener->tls_error;
    parts->tls.ssl_error_context = listener->context;
}

int attempt_start(MQTTAsync client, const struct settings *settings, const struct attempt_listener *listener)
{
    const struct broker_options *options = &settings->options;
    struct parts parts = {.properties = MQTTProperties_initializer, .will_properties = MQTTProperties_initializer};
    MQTTAsync_connectOptions connect = MQTTAsync_connectOptions_initializer5;
    connect.keepAliveInterval = options->keep_alive_s;
    connect.connectTimeout = options->connect_timeout_s;
    connect.cleanstart = !options->persistent_session;
    connect.username = options->username;
    connect.password = options->password;
    connect.onSuccess5 = listener->connected;
    connect.onFailure5 = listener->failed;
    connect.context = listener->context;
    connect.connectProperties = &parts.properties;
    bool good = property_add_number(&parts.properties, MQTTPROPERTY_CODE_SESSION_EXPIRY_INTERVAL,
                                    options->persistent_session ? options->session_expiry_s : 0) &&
                property_add_number(&parts.properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM, options->receive_maximum);
    if (options->will_topic != NULL) {
        fill_will(options, &parts);
        connect.will = &parts.will;
        connect.willProperties = &parts.will_properties;
        good = good &&
               property_add_text(&parts.will_properties, MQTTPROPERTY_CODE_CONTENT_TYPE,
                                 text_of(options->will_content_type)) &&
               property_add_number(&parts.will_properties, MQTTPROPERTY_CODE_MESSAGE_EXPIRY_INTERVAL,
                                   options->will_expiry_s);
    }
    if (settings->tls) {
        fill_tls(options, listener, &parts);
        connect.ssl = &parts.tls;
    }
    int result = good ? MQTTAsync_connect(client, &connect) : ATTEMPT_NO_MEMORY;
    MQTTProperties_free(&parts.properties);
    MQTTProperties_free(&parts.will_properties);
    return result;
}
