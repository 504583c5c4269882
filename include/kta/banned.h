/*
 * banned.h - functions that have no safe use here; included by the compiler in every file.
 */
#ifndef KTA_BANNED_H
#define KTA_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#pragma GCC poison strcpy strcat strncat sprintf vsprintf strtok strtok_r gets system popen atoi   \
    atol

#endif
