// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The device against VMD.md's words, without QEMU
 *
 * Prints one line for each thing that is not so, and says how many.
 */

#include "vmmci.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define DRIVER_OK	7

/* What the device asked for since the last look. */
static struct {
	bool line;
	unsigned int raised;
	int timer;
	const char *why;
	uint64_t ack;
	unsigned int announced;
	unsigned int illegal;
} seen;

static int failures;

#define CHECK(what)							\
	do {								\
		if (!(what)) {						\
			printf("%s:%d: not so: %s\n", __func__,		\
			       __LINE__, #what);			\
			failures++;					\
		}							\
	} while (0)

static void on_line(struct vmmci *v, bool level)
{
	(void)v;
	if (level)
		seen.raised++;
	seen.line = level;
}

static void on_timer(struct vmmci *v, unsigned int seconds)
{
	(void)v;
	seen.timer = (int)seconds;
}

static void on_end(struct vmmci *v, const char *why)
{
	(void)v;
	seen.why = why;
}

static void on_event(struct vmmci *v, const char *what, uint64_t value)
{
	(void)v;
	if (!strcmp(what, "ack"))
		seen.ack = value;
	seen.announced += !strcmp(what, "announced");
	seen.illegal += !strcmp(what, "illegal");
}

static const struct vmmci_ops ops = {
	.line = on_line,
	.timer = on_timer,
	.end_vm = on_end,
	.event = on_event,
};

/* A device whose driver took these features and is ready. */
static struct vmmci bound(uint32_t features)
{
	struct vmmci v;

	memset(&seen, 0, sizeof(seen));
	seen.timer = -1;
	vmmci_init(&v, &ops);
	vmmci_write(&v, 4, 4, features);
	vmmci_write(&v, 18, 1, DRIVER_OK);
	return v;
}

static void registers_are_where_they_are(void)
{
	struct vmmci v = bound(5);

	CHECK(vmmci_read(&v, 0, 4) == 7);
	CHECK(vmmci_read(&v, 4, 4) == 5);
	vmmci_write(&v, 8, 4, 0x1234);
	CHECK(vmmci_read(&v, 8, 4) == 0x1234);
	CHECK(vmmci_read(&v, 18, 1) == DRIVER_OK);
	CHECK(vmmci_read(&v, 20, 4) == VMMCI_NONE);
	CHECK(vmmci_read(&v, 28, 4) == 0);
	CHECK(vmmci_read(&v, 36, 4) == 0);
}

/* Linux's legacy transport reads byte by byte, and vmd answers garbage. */
static void elsewhere_is_garbage(void)
{
	struct vmmci v = bound(7);
	uint32_t sec = vmmci_read(&v, 24, 4), bytes = 0;

	for (uint32_t i = 0; i < 4; i++)
		bytes |= vmmci_read(&v, 24 + i, 1) << 8 * i;
	CHECK(bytes != sec);
	CHECK(vmmci_read(&v, 40, 4) != 0);
	CHECK(!vmmci_listed(25, 1, false));
	CHECK(!vmmci_listed(24, 1, false));
	CHECK(!vmmci_listed(0, 4, true));
	CHECK(vmmci_listed(24, 4, false));
}

/* One lie does not follow from another. */
static void backwards_is_from_the_last_look(void)
{
	struct vmmci v = bound(7);
	uint32_t sec;

	vmmci_set_hostile(&v, HOSTILE_USEC, UINT32_MAX);
	vmmci_read(&v, 24, 4);
	vmmci_set_hostile(&v, HOSTILE_BACKWARDS, 1000);
	sec = vmmci_read(&v, 24, 4);
	CHECK(sec <= vmmci_now(&v) / INT64_C(1000000000));
	CHECK(vmmci_read(&v, 32, 4) < 1000000);
}

static void seconds_take_the_snapshot(void)
{
	struct vmmci v = bound(7);
	int64_t now = vmmci_now(&v);
	uint32_t sec = vmmci_read(&v, 24, 4), usec = vmmci_read(&v, 32, 4);

	CHECK((sec * INT64_C(1000000000) + usec * INT64_C(1000)) / 1000 >=
	      now / 1000);
	usleep(2000);
	CHECK(vmmci_read(&v, 32, 4) == usec);
	vmmci_read(&v, 24, 4);
	CHECK(vmmci_read(&v, 32, 4) != usec);
	CHECK(vmmci_read(&v, 32, 4) < 1000000);
}

static void the_status_read_lowers_the_line(void)
{
	struct vmmci v = bound(7);

	vmmci_ctl(&v, VMMCI_SYNCRTC);
	CHECK(seen.line);
	CHECK(vmmci_read(&v, 20, 4) == VMMCI_SYNCRTC);
	CHECK(seen.line);
	CHECK(vmmci_read(&v, 19, 1) == 2);
	CHECK(!seen.line);
	CHECK(vmmci_read(&v, 19, 1) == 0);
}

static void syncrtc_once_until_acknowledged(void)
{
	struct vmmci v = bound(7);

	vmmci_ctl(&v, VMMCI_SYNCRTC);
	vmmci_ctl(&v, VMMCI_SYNCRTC);
	CHECK(seen.raised == 1);
	vmmci_write(&v, 20, 4, VMMCI_SYNCRTC);
	CHECK(vmmci_read(&v, 20, 4) == VMMCI_NONE);
	vmmci_ctl(&v, VMMCI_SYNCRTC);
	CHECK(seen.raised == 2);
}

static void syncrtc_only_where_it_was_taken(void)
{
	struct vmmci v = bound(3);

	vmmci_ctl(&v, VMMCI_SYNCRTC);
	CHECK(seen.raised == 0);
	CHECK(vmmci_read(&v, 20, 4) == VMMCI_NONE);
}

static void stop_without_a_driver_ends_the_vm(void)
{
	struct vmmci v = bound(7);

	vmmci_write(&v, 18, 1, 3);
	CHECK(vmmci_ctl(&v, VMMCI_SHUTDOWN) == -1);
	CHECK(seen.why && !strcmp(seen.why, "no driver"));
	CHECK(seen.raised == 0);
}

static void stop_waits_3_s_then_120_s(void)
{
	struct vmmci v = bound(7);

	vmmci_ctl(&v, VMMCI_SHUTDOWN);
	CHECK(seen.timer == 3);
	vmmci_write(&v, 20, 4, VMMCI_REBOOT);
	CHECK(seen.timer == 3);
	vmmci_write(&v, 20, 4, VMMCI_SHUTDOWN);
	CHECK(seen.timer == 120);
	CHECK(vmmci_read(&v, 20, 4) == VMMCI_SHUTDOWN);
	CHECK(!seen.announced);
	vmmci_timeout(&v);
	CHECK(seen.why && !strcmp(seen.why, "timeout"));
}

static void a_guest_announces_its_own_end(void)
{
	struct vmmci v = bound(7);

	vmmci_write(&v, 20, 4, VMMCI_SHUTDOWN);
	CHECK(seen.announced == 1);
	CHECK(seen.timer == 3);
	vmmci_machine_reset(&v);
	CHECK(!seen.why);
	CHECK(seen.timer == 0);
}

static void a_reset_ends_what_is_not_to_come_again(void)
{
	struct vmmci v = bound(7);

	vmmci_machine_reset(&v);
	CHECK(!seen.why);
	v.no_restart = true;
	vmmci_machine_reset(&v);
	CHECK(seen.why && !strcmp(seen.why, "guest reset"));
}

/* The host's clock, by seconds, and whether the next tick tells the guest. */
static void a_tick_tells_of_a_jump(void)
{
	static const struct {
		int seconds;
		bool told;
	} jumps[] = {
		{ 0, false }, { 4, false }, { 7, true }, { -100, false },
	};

	for (size_t i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++) {
		struct vmmci v = bound(7);

		vmmci_set_clock(&v, jumps[i].seconds * INT64_C(1000000000), 0);
		vmmci_tick(&v);
		CHECK((vmmci_read(&v, 20, 4) == VMMCI_SYNCRTC) ==
		      jumps[i].told);
		vmmci_write(&v, 20, 4, VMMCI_SYNCRTC);
		vmmci_tick(&v);
		CHECK(vmmci_read(&v, 20, 4) == VMMCI_NONE);
	}
}

/* What comes before DRIVER_OK does not come later. */
static void a_jump_before_the_driver_is_lost(void)
{
	struct vmmci v = bound(7);

	vmmci_write(&v, 18, 1, 3);
	vmmci_set_clock(&v, INT64_C(100000000000), 0);
	vmmci_tick(&v);
	vmmci_write(&v, 18, 1, DRIVER_OK);
	vmmci_tick(&v);
	CHECK(seen.raised == 0);
}

static void other_numbers_are_illegal(void)
{
	struct vmmci v = bound(7);

	vmmci_write(&v, 20, 4, 4);
	CHECK(seen.illegal == 1);
	CHECK(seen.timer == -1);
}

/* vmd takes the whole of EAX. */
static void a_narrow_write_is_stale_above(void)
{
	struct vmmci v = bound(7);

	vmmci_write(&v, 4, 1, 5);
	CHECK(vmmci_read(&v, 4, 4) != 5);
	vmmci_write(&v, 18, 1, 3);
	CHECK(vmmci_read(&v, 18, 1) == 3);
}

/* A line held by nobody would be up until the kernel turns it off. */
static void what_is_gone_holds_no_line(void)
{
	struct vmmci v = bound(7);

	vmmci_ctl(&v, VMMCI_SYNCRTC);
	CHECK(seen.line);
	vmmci_set_hostile(&v, HOSTILE_VANISH, 0);
	CHECK(!seen.line);
	vmmci_force(&v, VMMCI_SYNCRTC, 2);
	CHECK(seen.raised == 2);
	CHECK(!seen.line);
	CHECK(vmmci_read(&v, 19, 1) == 0xff);
}

static void only_one_answer_is_late(void)
{
	struct vmmci v = bound(7);

	vmmci_set_hostile(&v, HOSTILE_LATE, 1);
	vmmci_read(&v, 18, 1);
	CHECK(v.hostile == HONEST);
}

static void the_clock_can_be_off(void)
{
	struct vmmci v = bound(7);
	int64_t before = vmmci_now(&v);

	vmmci_set_clock(&v, INT64_C(3600000000000), 0);
	CHECK(vmmci_now(&v) - before >= INT64_C(3600000000000));
	CHECK(vmmci_now(&v) - before < INT64_C(3601000000000));
}

int main(void)
{
	registers_are_where_they_are();
	elsewhere_is_garbage();
	seconds_take_the_snapshot();
	backwards_is_from_the_last_look();
	the_status_read_lowers_the_line();
	syncrtc_once_until_acknowledged();
	syncrtc_only_where_it_was_taken();
	stop_without_a_driver_ends_the_vm();
	stop_waits_3_s_then_120_s();
	a_guest_announces_its_own_end();
	a_reset_ends_what_is_not_to_come_again();
	a_tick_tells_of_a_jump();
	a_jump_before_the_driver_is_lost();
	other_numbers_are_illegal();
	a_narrow_write_is_stale_above();
	what_is_gone_holds_no_line();
	only_one_answer_is_late();
	the_clock_can_be_off();
	printf("%d failures\n", failures);
	return failures != 0;
}
