/* property.h -- MQTT 5 properties as the paho library has them, read and written. */
#ifndef MUSTER_BROKER_PROPERTY_H
#define MUSTER_BROKER_PROPERTY_H

#include "base/text.h"

#include <MQTTProperties.h>
#include <stdbool.h>
#include <stdint.h>

/* property_text returns the text or the data of the first one, which lies in the properties; absent: NULL and 0. */
struct text property_text(const MQTTProperties *properties, enum MQTTPropertyCodes code);

/* property_receive_maximum is the protocol's 65535 where there is none. */
unsigned property_receive_maximum(MQTTProperties *properties);

/* Both add nothing where there is nothing to say (0, or no text), and copy; false: no memory, or a text too long. */
bool property_add_number(MQTTProperties *properties, enum MQTTPropertyCodes code, uint32_t value);
bool property_add_text(MQTTProperties *properties, enum MQTTPropertyCodes code, struct text text);

#endif
