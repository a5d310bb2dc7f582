/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver's part that serves commands, in user space
 */
#ifndef DRIVER_H
#define DRIVER_H

#include <stdbool.h>
#include <stdint.h>

/* Its accesses to the device configuration, and to the clock's words there. */
uint32_t driver_read(unsigned int offset);
void driver_write(unsigned int offset, uint32_t value);

/* A driver that was just bound. */
void driver_bind(void);
/* The transport calls back: an interrupt with a changed configuration. */
void driver_changed(void);
/* Runs the work if it is queued; false if it is not. */
bool driver_work(void);
/* How many times user space was asked to go down. */
unsigned int driver_asked(void);

#endif
