// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * vmd-vmmci: vmd's vmmci device for a stock QEMU, with a vmctl-like socket
 *
 *	vmd-vmmci [-B] [-f FEATURES] [-l i8259|level] VFIO CONTROL LOG
 *
 * VFIO and CONTROL are sockets that it makes. -B is that of vmctl start: a
 * reset ends the VM. -l is the interrupt line: level, as vmd's I/O APIC has it
 * from 2026-09, or as its i8259 had it: one interrupt each time that the line
 * rises, then none until the guest lowered it.
 *
 * One thread, one poll(). Ends when the VM does. The log has one JSON object
 * a line: "ns" is the host's clock as the guest should see it.
 *
 * A line to CONTROL is one of these, and is answered by the device's state:
 *
 *	stop [--force]		vmctl stop: REBOOT, and a reset ends the VM
 *	pause | unpause		vmctl's: QEMU is stopped; vmd's timers run on
 *	sleep SECONDS		the host's clock goes forward by that much
 *	clock OFFSET-S PPM	the host's clock against this machine's
 *	status
 *
 * After the clock's steps a SYNCRTC comes as vmd sends it: from the tick, each
 * second, and only where the clock went more than 5 s forward since the last.
 * What no vmctl can say:
 *
 *	shutdown		the command that nothing sends today
 *	sync			SYNCRTC at once, by vmd's own rules
 *	forget			vmd asked for nothing, and no line waits
 *	speed N			vmd's timers and its tick run N times as fast
 *	line i8259 | level	as -l, from now on
 *	features MASK		offered at the next negotiation
 *	command N | irq		any command; an interrupt with no status
 *	honest | sec N | usec N | backwards US | storm N | slow MS | late MS |
 *	vanish			how it lies
 *	at N LINE | after N LINE
 *				LINE, any of these, directly before or after
 *				the guest's Nth access to BAR 0 from here
 *
 * So "at 3 stop", then "sync": vmctl stop arrives between the guest's second
 * access and its third, counted from there. Nothing comes in between, since
 * the guest waits for each answer. Several may wait at a time. The log has
 * "at" with the number of the access, from the start of the VM, then what the
 * line brought about; the answers have the number as "accesses".
 */

#define _GNU_SOURCE
#include "vm.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <unistd.h>

static struct vm *vm_of(struct vmmci *v)
{
	return (struct vm *)v;
}

void log_line(struct vm *vm, const char *fmt, ...)
{
	va_list args;

	fprintf(vm->log, "{\"ns\":%" PRId64 ",", vmmci_now(&vm->dev));
	va_start(args, fmt);
	vfprintf(vm->log, fmt, args);
	va_end(args);
	fputs("}\n", vm->log);
}

/* -- what the device asks for -- */

/*
 * An interrupt of which no driver takes notice is gone, on an i8259. Only one
 * that is there: what comes later, a driver may hear.
 */
static void spend_interrupt(struct vm *vm)
{
	if (vm->vfio.level && !vmmci_driven(&vm->dev))
		vm->vfio.spent = true;
}

static void on_line(struct vmmci *v, bool level)
{
	vfio_user_line(&vm_of(v)->vfio, level);
	spend_interrupt(vm_of(v));
}

static void on_timer(struct vmmci *v, unsigned int seconds)
{
	struct vm *vm = vm_of(v);

	arm(vm->timer_fd, seconds / vm->speed, false);
	log_line(vm, "\"event\":\"timer\",\"value\":%u", seconds);
}

/* As vmd does: the guest is not asked again, it is over. */
static void on_end_vm(struct vmmci *v, const char *why)
{
	struct vm *vm = vm_of(v);

	vm->gone = true;
	log_line(vm, "\"event\":\"vm-end\",\"why\":\"%s\"", why);
	if (vm->vfio.peer > 0)
		kill(vm->vfio.peer, SIGKILL);
}

static void on_event(struct vmmci *v, const char *what, uint64_t value)
{
	log_line(vm_of(v), "\"event\":\"%s\",\"value\":%" PRIu64, what, value);
}

static const struct vmmci_ops device_ops = {
	.line = on_line,
	.timer = on_timer,
	.end_vm = on_end_vm,
	.event = on_event,
};

/* -- what QEMU asks for -- */

static void log_access(struct vm *vm, const char *what, uint32_t offset,
		       unsigned int width, uint32_t value)
{
	bool listed = vmmci_listed(offset, width, what[0] == 'w');

	log_line(vm, "\"event\":\"%s\",\"offset\":%u,\"width\":%u,\"value\":%u,\"listed\":%s",
		 what, offset, width, value, listed ? "true" : "false");
}

static uint32_t bar_read(void *dev, uint32_t offset, unsigned int width)
{
	struct vm *vm = dev;
	uint32_t value;

	vm->accesses++;
	control_at(vm, false);
	value = vmmci_read(&vm->dev, offset, width);
	log_access(vm, "read", offset, width, value);
	control_at(vm, true);
	return value;
}

static void bar_write(void *dev, uint32_t offset, unsigned int width,
		      uint32_t value)
{
	struct vm *vm = dev;

	vm->accesses++;
	control_at(vm, false);
	log_access(vm, "write", offset, width, value);
	vmmci_write(&vm->dev, offset, width, value);
	spend_interrupt(vm);
	control_at(vm, true);
}

static uint8_t config_read(void *dev, uint32_t offset)
{
	struct vm *vm = dev;

	return vm->dev.hostile == HOSTILE_VANISH ? 0xff : vm->config[offset];
}

static void config_write(void *dev, uint32_t offset, uint8_t value)
{
	struct vm *vm = dev;
	uint8_t mask = vm->config_mask[offset];

	vm->config[offset] = (uint8_t)((vm->config[offset] & ~mask) |
				       (value & mask));
}

/* QEMU resets each machine once before it runs: that is its power-on. */
static void machine_reset(void *dev)
{
	struct vm *vm = dev;

	if (!vm->on) {
		vm->on = true;
		return;
	}
	log_line(vm, "\"event\":\"machine-reset\"");
	vmmci_machine_reset(&vm->dev);
}

static const struct vfio_user_ops vfio_ops = {
	.bar_size = VMMCI_BAR_SIZE,
	.bar_read = bar_read,
	.bar_write = bar_write,
	.config_read = config_read,
	.config_write = config_write,
	.reset = machine_reset,
};

static void init_config(struct vm *vm)
{
	static const uint8_t config[] = {
		0x5d, 0x0b, 0x77, 0x07,		/* vendor, device */
		0x00, 0x00, 0x00, 0x00,		/* command, status */
		0x00, 0x00, 0x80, 0x07,		/* revision 0, class 07 80 00 */
		0x00, 0x00, 0x00, 0x00,
		0x01, 0x00, 0x00, 0x00,		/* BAR 0: I/O ports */
	};

	memcpy(vm->config, config, sizeof(config));
	memcpy(vm->config + 0x2c, "\x5d\x0b\xff\xff", 4);	/* subsystem */
	vm->config[0x3d] = 1;		/* interrupt pin A */
	vm->config_mask[0x04] = 0x07;	/* I/O, memory, bus master */
	vm->config_mask[0x05] = 0x04;	/* INTx disable */
	vm->config_mask[0x11] = 0xf0;	/* a BAR of 4096 bytes */
	vm->config_mask[0x12] = 0xff;
	vm->config_mask[0x13] = 0xff;
	vm->config_mask[0x3c] = 0xff;	/* interrupt line */
}

/* -- what a person or a test asks for -- */

/* Sends an answer to what was asked for by one line. */
static void answer(struct vm *vm, int fd, const char *line)
{
	char text[256] = "{\"ok\":false}\n";

	if (control(vm, line))
		snprintf(text, sizeof(text),
			 "{\"ok\":true,\"ns\":%" PRId64 ",\"status\":%u,\"guestFeatures\":%u,\"isr\":%u,\"command\":%u,\"timer\":%u,\"accesses\":%lu,\"waiting\":%u}\n",
			 vmmci_now(&vm->dev), vm->dev.status,
			 vm->dev.guest_features, vm->dev.isr, vm->dev.cmd,
			 vm->dev.timer, vm->accesses, waiting(vm));
	fflush(vm->log);
	if (write(fd, text, strlen(text)) < 0)
		log_line(vm, "\"event\":\"control-gone\"");
}

/* A request is one line, and fits one read. */
static void serve_client(struct vm *vm, int *fd)
{
	char line[256];
	ssize_t n = read(*fd, line, sizeof(line) - 1);

	if (n <= 0) {
		close(*fd);
		*fd = -1;
		return;
	}
	line[n] = '\0';
	for (char *save, *l = strtok_r(line, "\n", &save); l;
	     l = strtok_r(NULL, "\n", &save))
		answer(vm, *fd, l);
}

static void accept_client(struct vm *vm, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	for (int i = 0; i < MAX_CLIENTS && fd >= 0; i++) {
		if (vm->clients[i] < 0) {
			vm->clients[i] = fd;
			return;
		}
	}
	if (fd >= 0)
		close(fd);
}

/* -- the loop -- */

static int listen_on(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path)) {
		fprintf(stderr, "%s: path too long\n", path);
		exit(2);
	}
	strcpy(addr.sun_path, path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 4)) {
		perror(path);
		exit(1);
	}
	return fd;
}

static void serve_vfio(struct vm *vm)
{
	if (!vfio_user_serve(&vm->vfio))
		return;
	vfio_user_close(&vm->vfio);
	log_line(vm, "\"event\":\"vm-gone\"");
	vm->gone = true;
}

/* Whether a timer has run out since the last look. */
static bool ran_out(const struct pollfd *p)
{
	uint64_t times;

	return p->revents && read(p->fd, &times, sizeof(times)) > 0;
}

static void start_vm(struct vm *vm, int listener)
{
	if (vfio_user_accept(&vm->vfio, listener))
		return;
	log_line(vm, "\"event\":\"vm-start\"");
	arm_tick(vm);
}

static void loop(struct vm *vm, int vfio_listener, int control_listener)
{
	enum { VFIO, LISTENER, TIMER, TICK, CONTROL, CLIENTS };
	struct pollfd p[CLIENTS + MAX_CLIENTS];

	while (!vm->gone) {
		p[VFIO].fd = vm->vfio.fd;
		p[LISTENER].fd = vfio_listener;
		p[TIMER].fd = vm->timer_fd;
		p[TICK].fd = vm->tick_fd;
		p[CONTROL].fd = control_listener;
		for (int i = 0; i < MAX_CLIENTS; i++)
			p[CLIENTS + i].fd = vm->clients[i];
		for (int i = 0; i < CLIENTS + MAX_CLIENTS; i++)
			p[i].events = POLLIN;

		if (poll(p, CLIENTS + MAX_CLIENTS, -1) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		/* The guest first: its clock readings wait for us. */
		if (p[VFIO].revents)
			serve_vfio(vm);
		if (p[LISTENER].revents)
			start_vm(vm, vfio_listener);
		/* Not if the guest's answer, just now, set it anew. */
		if (ran_out(&p[TIMER]))
			vmmci_timeout(&vm->dev);
		if (ran_out(&p[TICK]))
			vmmci_tick(&vm->dev);
		if (p[CONTROL].revents)
			accept_client(vm, control_listener);
		for (int i = 0; i < MAX_CLIENTS; i++) {
			if (p[CLIENTS + i].revents)
				serve_client(vm, &vm->clients[i]);
		}
		/* Only now: vmd writes no log while the guest waits. */
		fflush(vm->log);
	}
}

static void usage(const char *name)
{
	fprintf(stderr,
		"usage: %s [-B] [-f FEATURES] [-l i8259|level] VFIO CONTROL LOG\n",
		name);
	exit(2);
}

static void options(struct vm *vm, int argc, char **argv)
{
	int option;

	while ((option = getopt(argc, argv, "Bf:l:")) != -1) {
		if (option == 'B')
			vm->dev.no_restart = true;
		else if (option == 'f')
			vm->dev.features = (uint32_t)strtoul(optarg, NULL, 0);
		else if (option != 'l' || !set_line_kind(vm, optarg))
			usage(argv[0]);
	}
	if (argc - optind != 3)
		usage(argv[0]);
}

int main(int argc, char **argv)
{
	const int flags = TFD_CLOEXEC | TFD_NONBLOCK;
	struct vm vm = { .speed = 1 };
	int vfio_listener, control_listener;

	vmmci_init(&vm.dev, &device_ops);
	vfio_user_init(&vm.vfio, &vfio_ops, &vm);
	init_config(&vm);
	options(&vm, argc, argv);
	argv += optind;

	vm.log = fopen(argv[2], "w");
	if (!vm.log) {
		perror(argv[2]);
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	vm.timer_fd = timerfd_create(CLOCK_MONOTONIC, flags);
	vm.tick_fd = timerfd_create(CLOCK_MONOTONIC, flags);
	for (int i = 0; i < MAX_CLIENTS; i++)
		vm.clients[i] = -1;

	control_listener = listen_on(argv[1]);
	vfio_listener = listen_on(argv[0]);
	/* Whoever started us waits for a line before it starts QEMU. */
	puts("listening");
	fflush(stdout);
	loop(&vm, vfio_listener, control_listener);

	vfio_user_close(&vm.vfio);
	for (int i = 0; i < MAX_CLIENTS; i++) {
		if (vm.clients[i] >= 0)
			close(vm.clients[i]);
	}
	close(vfio_listener);
	close(control_listener);
	close(vm.timer_fd);
	close(vm.tick_fd);
	unlink(argv[0]);
	unlink(argv[1]);
	fclose(vm.log);
	return 0;
}
