/* property.c -- over the library's list of them. */
#include "broker/property.h"

struct text property_text(const MQTTProperties *properties, enum MQTTPropertyCodes code)
{
    for (int i = 0; i < properties->count; i++) {
        const MQTTProperty *property = &properties->array[i];
        if (property->identifier == code) {
            const MQTTLenString *data = &property->value.data;
            return (struct text){data->len > 0 ? data->data : "", (size_t)data->len};
        }
    }
    return (struct text){0};
}

unsigned property_receive_maximum(MQTTProperties *properties)
{
    return MQTTProperties_hasProperty(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
               ? (unsigned)MQTTProperties_getNumericValue(properties, MQTTPROPERTY_CODE_RECEIVE_MAXIMUM)
               : UINT16_MAX;
}

bool property_add_number(MQTTProperties *properties, enum MQTTPropertyCodes code, uint32_t value)
{
    MQTTProperty property = {.identifier = code};
    if (code == MQTTPROPERTY_CODE_RECEIVE_MAXIMUM) {
        property.value.integer2 = (unsigned short)value;
    } else {
        property.value.integer4 = value;
    }
    return value == 0 || MQTTProperties_add(properties, &property) == 0;
}

bool property_add_text(MQTTProperties *properties, enum MQTTPropertyCodes code, struct text text)
{
    MQTTProperty property = {.identifier = code};
    if (text.data == NULL) {
        return true;
    }
    if (text.len > UINT16_MAX) {
        return false;
    }
    union {
        const char *in;
        char *out;
    } data = {.in = text.data};
    property.value.data = (MQTTLenString){.len = (int)text.len, .data = data.out};
    return MQTTProperties_add(properties, &property) == 0;
}
