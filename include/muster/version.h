/* version.h -- the version of the SDK that a program is compiled against. */
#ifndef MUSTER_VERSION_H
#define MUSTER_VERSION_H

#define MUSTER_VERSION_MAJOR 0
#define MUSTER_VERSION_MINOR 1
#define MUSTER_VERSION_PATCH 0
#define MUSTER_VERSION_STRING "0.1.0"

#endif
