// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmd's vmmci device: registers, commands, timers
 */

#include "vmmci.h"

#include <stddef.h>
#include <time.h>
#include <unistd.h>

#define STATUS_DRIVER_OK	0x04
#define ISR_CONFIG		0x02
#define GARBAGE			0xa5a5a5a5u
#define NSEC_PER_SEC		INT64_C(1000000000)

enum {
	REG_HOST_FEATURES	= 0,
	REG_GUEST_FEATURES	= 4,
	REG_QUEUE_PFN		= 8,
	REG_QUEUE_SIZE		= 12,
	REG_QUEUE_SELECT	= 14,
	REG_QUEUE_NOTIFY	= 16,
	REG_STATUS		= 18,
	REG_ISR			= 19,
	REG_COMMAND		= 20,
	REG_SEC_LOW		= 24,
	REG_SEC_HIGH		= 28,
	REG_USEC_LOW		= 32,
	REG_USEC_HIGH		= 36,
};

static const struct {
	uint32_t offset;
	unsigned int width;
	bool write;
} registers[] = {
	{ REG_HOST_FEATURES,	4, false },
	{ REG_GUEST_FEATURES,	4, true },
	{ REG_QUEUE_PFN,	4, true },
	{ REG_QUEUE_SIZE,	2, true },
	{ REG_QUEUE_SELECT,	2, true },
	{ REG_QUEUE_NOTIFY,	2, true },
	{ REG_STATUS,		1, true },
	{ REG_ISR,		1, false },
	{ REG_COMMAND,		4, true },
	{ REG_SEC_LOW,		4, false },
	{ REG_SEC_HIGH,		4, false },
	{ REG_USEC_LOW,		4, false },
	{ REG_USEC_HIGH,	4, false },
};

static int64_t realtime(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return ts.tv_sec * NSEC_PER_SEC + ts.tv_nsec;
}

int64_t vmmci_now(const struct vmmci *v)
{
	int64_t now = realtime();

	return now + v->clock_offset +
	       (int64_t)((double)(now - v->clock_base) * v->clock_ppm / 1e6);
}

void vmmci_set_clock(struct vmmci *v, int64_t offset, double ppm)
{
	v->clock_base = realtime();
	v->clock_offset = offset;
	v->clock_ppm = ppm;
}

void vmmci_init(struct vmmci *v, const struct vmmci_ops *ops)
{
	*v = (struct vmmci){
		.ops = ops,
		.features = VMMCI_F_TIMESYNC | VMMCI_F_ACK | VMMCI_F_SYNCRTC,
	};
	vmmci_set_clock(v, 0, 0);
	v->tick = vmmci_now(v) / NSEC_PER_SEC;
}

static void set_timer(struct vmmci *v, unsigned int seconds)
{
	v->timer = seconds;
	v->ops->timer(v, seconds);
}

static void set_line(struct vmmci *v, bool level)
{
	v->line = level;
	v->ops->line(v, level);
}

bool vmmci_driven(const struct vmmci *v)
{
	return v->status & STATUS_DRIVER_OK;
}

void vmmci_end(struct vmmci *v, const char *why)
{
	v->ended = true;
	v->ops->end_vm(v, why);
}

/* Nothing would lower the line of a device without a status, or gone. */
static void raise_line(struct vmmci *v, uint8_t isr)
{
	v->isr = isr;
	v->ops->event(v, "interrupt", v->cmd);
	set_line(v, true);
	if (!isr || v->hostile == HOSTILE_VANISH)
		set_line(v, false);
}

/* Reading the low word of the seconds is what looks at the clock. */
static void snapshot(struct vmmci *v)
{
	int64_t now = vmmci_now(v);

	/* From the last look, whatever was made of that for the guest. */
	if (v->hostile == HOSTILE_BACKWARDS && v->looked)
		now = v->looked - (int64_t)v->hostile_arg * 1000;
	v->looked = now;
	v->sec = (uint32_t)(now / NSEC_PER_SEC);
	v->usec = (uint32_t)(now % NSEC_PER_SEC / 1000);
	if (v->hostile == HOSTILE_SEC)
		v->sec = (uint32_t)v->hostile_arg;
	if (v->hostile == HOSTILE_USEC)
		v->usec = (uint32_t)v->hostile_arg;
	v->ops->event(v, "snapshot", (uint64_t)now);
}

static uint8_t read_isr(struct vmmci *v)
{
	uint8_t isr = v->isr;

	v->isr = 0;
	set_line(v, false);
	if (v->hostile == HOSTILE_STORM && v->hostile_arg) {
		v->hostile_arg--;
		raise_line(v, ISR_CONFIG);
	}
	return isr;
}

static uint32_t read_register(struct vmmci *v, uint32_t offset)
{
	switch (offset) {
	case REG_HOST_FEATURES:
		return v->features;
	case REG_GUEST_FEATURES:
		return v->guest_features;
	case REG_QUEUE_PFN:
		return v->queue_pfn;
	case REG_QUEUE_SIZE:
	case REG_QUEUE_SELECT:
	case REG_QUEUE_NOTIFY:
		return 0;
	case REG_STATUS:
		return v->status;
	case REG_ISR:
		return read_isr(v);
	case REG_COMMAND:
		return v->cmd;
	case REG_SEC_LOW:
		snapshot(v);
		return v->sec;
	case REG_USEC_LOW:
		return v->usec;
	case REG_SEC_HIGH:
	case REG_USEC_HIGH:
		return 0;
	default:
		return GARBAGE ^ offset;
	}
}

uint32_t vmmci_read(struct vmmci *v, uint32_t offset, unsigned int width)
{
	uint32_t value;

	if (v->hostile == HOSTILE_SLOW || v->hostile == HOSTILE_LATE)
		usleep((useconds_t)v->hostile_arg * 1000);
	if (v->hostile == HOSTILE_LATE)
		v->hostile = HONEST;
	value = v->hostile == HOSTILE_VANISH ? UINT32_MAX :
		read_register(v, offset);
	return width >= 4 ? value : value & ((1u << width * 8) - 1);
}

/* vmmci_ack(): the guest answers, or announces its own power-off. */
static void ack(struct vmmci *v, uint32_t cmd)
{
	v->ops->event(v, "ack", cmd);
	switch (cmd) {
	case VMMCI_NONE:
		break;
	case VMMCI_SHUTDOWN:
		if (v->cmd == VMMCI_NONE) {
			v->ops->event(v, "announced", cmd);
			set_timer(v, VMMCI_TIMEOUT_S);
			break;
		}
		/* fall through */
	case VMMCI_REBOOT:
		if (cmd == v->cmd && v->timer)
			set_timer(v, VMMCI_SHUTDOWN_TIMEOUT_S);
		break;
	case VMMCI_SYNCRTC:
		/* Whatever it was: a stop that just came is wiped out. */
		v->cmd = VMMCI_NONE;
		break;
	default:
		v->ops->event(v, "illegal", cmd);
	}
}

void vmmci_write(struct vmmci *v, uint32_t offset, unsigned int width,
		 uint32_t value)
{
	if (v->hostile == HOSTILE_VANISH)
		return;
	/* vmd takes all of EAX, and what was not written is stale. */
	if (width < 4)
		value |= GARBAGE << width * 8;

	switch (offset) {
	case REG_GUEST_FEATURES:
		v->guest_features = value;
		break;
	case REG_QUEUE_PFN:
		v->queue_pfn = value;
		break;
	case REG_STATUS:
		/* 0 is a status like others, and resets nothing. */
		if ((value & STATUS_DRIVER_OK) && !vmmci_driven(v))
			v->ops->event(v, "driver-ok", v->guest_features);
		v->status = (uint8_t)value;
		break;
	case REG_COMMAND:
		ack(v, value);
		break;
	case REG_QUEUE_SIZE:
	case REG_QUEUE_SELECT:
	case REG_QUEUE_NOTIFY:
		break;
	default:
		v->ops->event(v, "illegal-write", offset);
	}
}

bool vmmci_listed(uint32_t offset, unsigned int width, bool write)
{
	for (size_t i = 0; i < sizeof(registers) / sizeof(registers[0]); i++) {
		if (registers[i].offset == offset)
			return registers[i].width == width &&
			       (!write || registers[i].write);
	}
	return false;
}

/*
 * vmm(4) ends a VM that was asked to stop, and vmd starts any other anew, with
 * a device that knows nothing: an announcement is not asking.
 */
void vmmci_machine_reset(struct vmmci *v)
{
	if (v->stopping || v->no_restart) {
		vmmci_end(v, "guest reset");
		return;
	}
	v->guest_features = 0;
	v->queue_pfn = 0;
	v->status = 0;
	v->isr = 0;
	v->cmd = VMMCI_NONE;
	set_line(v, false);
	if (v->timer)
		set_timer(v, 0);
	v->tick = vmmci_now(v) / NSEC_PER_SEC;
}

/*
 * vmmci_ctl(): what vmctl asks for. Returns -1 where vmd gives up on the
 * guest at once, since no driver is there to hear it.
 */
int vmmci_ctl(struct vmmci *v, uint32_t cmd)
{
	if (!vmmci_driven(v)) {
		if (cmd != VMMCI_SYNCRTC)
			vmmci_end(v, "no driver");
		return -1;
	}
	if (cmd == v->cmd)
		return 0;

	switch (cmd) {
	case VMMCI_SHUTDOWN:
	case VMMCI_REBOOT:
		v->stopping = true;
		v->cmd = cmd;
		raise_line(v, ISR_CONFIG);
		set_timer(v, VMMCI_TIMEOUT_S);
		break;
	case VMMCI_SYNCRTC:
		if (v->guest_features & VMMCI_F_SYNCRTC) {
			v->cmd = cmd;
			raise_line(v, ISR_CONFIG);
		}
		break;
	}
	return 0;
}

void vmmci_timeout(struct vmmci *v)
{
	v->timer = 0;
	vmmci_end(v, "timeout");
}

/*
 * rtc_fire1(): vmd does not ask whether the host slept. It sees its clock jump
 * between two ticks, forward only, in whole seconds.
 */
void vmmci_tick(struct vmmci *v)
{
	int64_t before = v->tick;

	v->tick = vmmci_now(v) / NSEC_PER_SEC;
	if (v->tick - before > VMMCI_JUMP_S)
		vmmci_ctl(v, VMMCI_SYNCRTC);
}

void vmmci_forget(struct vmmci *v)
{
	v->cmd = VMMCI_NONE;
	v->stopping = false;
	if (v->timer)
		set_timer(v, 0);
}

void vmmci_force(struct vmmci *v, uint32_t cmd, uint8_t isr)
{
	v->cmd = cmd;
	raise_line(v, isr);
}

void vmmci_set_hostile(struct vmmci *v, enum vmmci_hostile mode, uint64_t arg)
{
	v->hostile = mode;
	v->hostile_arg = arg;
	if (mode == HOSTILE_VANISH)
		set_line(v, false);
}
