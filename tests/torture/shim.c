/* Fails, or ends the process at, the n-th file operation below a folder.
 *
 * Preloaded (LD_PRELOAD) into a Python that calls, through ctypes, shim_arm to begin counting. An
 * operation is a call that names, or has open, a file below the folder. Each is written down in
 * the log, a line each: number, call, path.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

enum { NOTHING, BEFORE, INSIDE, AFTER, FAIL_ONCE, FAIL_ON };

static char folder[PATH_MAX];
static size_t length;
static int how = NOTHING, error_number, log_fd = -1, armed;
static long target, count;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int below(const char *path) {
    return strncmp(path, folder, length) == 0 && (path[length] == '/' || path[length] == 0);
}

/* Writes the absolute path of a name, or of an open file where the name is NULL. */
static int resolve(int at, const char *name, char *out) {
    char link[64];
    ssize_t size = 0;
    if (name && name[0] == '/') {
        snprintf(out, PATH_MAX, "%s", name);
        return 1;
    }
    if (name && at == AT_FDCWD) {
        if (!getcwd(out, PATH_MAX)) return 0;
        size = strlen(out);
    } else {
        snprintf(link, sizeof link, "/proc/self/fd/%d", at);
        size = readlink(link, out, PATH_MAX - 1);
        if (size < 0) return 0;
    }
    out[size] = 0;
    if (name) snprintf(out + size, PATH_MAX - size, "/%s", name);
    return 1;
}

/* What a full disk still does. */
static int spared(const char *call) {
    return !strcmp(call, "open") || !strncmp(call, "read", 4) || !strncmp(call, "pread", 5) ||
           !strcmp(call, "flock") || !strncmp(call, "unlink", 6) || !strcmp(call, "rmdir");
}

/* Counts an operation; returns what is to be done to it. */
static int meets(const char *call, int at, const char *name) {
    char path[PATH_MAX], line[PATH_MAX + 64];
    int found = NOTHING, saved = errno;
    if (!armed || !resolve(at, name, path) || !below(path)) {
        errno = saved;
        return NOTHING;
    }
    pthread_mutex_lock(&lock);
    count++;
    if (log_fd >= 0) {
        int size = snprintf(line, sizeof line, "%ld %s %s\n", count, call, path);
        syscall(SYS_write, log_fd, line, size);
    }
    if (count == target || (how == FAIL_ON && count > target && !spared(call))) found = how;
    pthread_mutex_unlock(&lock);
    if (found == BEFORE) die();
    errno = saved;
    return found;
}

void shim_arm(const char *path, long nth, int what, int error, const char *log) {
    char real[PATH_MAX];
    snprintf(folder, sizeof folder, "%s", realpath(path, real) ? real : path);
    length = strlen(folder);
    target = nth, how = what, error_number = error, count = 0;
    log_fd = log && *log ? syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    armed = 1;
}

#define FAILS(found) ((found) == FAIL_ONCE || (found) == FAIL_ON)

#define WRAP(type, name, parameters, arguments, at, path, part)              \
    type name parameters {                                                   \
        static type(*real) parameters;                                       \
        if (!real) real = dlsym(RTLD_NEXT, #name);                           \
        int found = meets(#name, at, path);                                  \
        if (FAILS(found)) return errno = error_number, -1;                   \
        if (found == INSIDE) {                                               \
            part;                                                            \
            die();                                                           \
        }                                                                    \
        type result = real arguments;                                        \
        if (found == AFTER) die();                                           \
        return result;                                                       \
    }

WRAP(ssize_t, write, (int fd, const void *data, size_t n), (fd, data, n), fd, NULL,
     real(fd, data, n / 2))
WRAP(ssize_t, pwrite, (int fd, const void *data, size_t n, off_t o), (fd, data, n, o), fd, NULL,
     real(fd, data, n / 2, o))
WRAP(ssize_t, pwrite64, (int fd, const void *data, size_t n, off64_t o), (fd, data, n, o), fd,
     NULL, real(fd, data, n / 2, o))
WRAP(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n), fd, NULL,
     real(fd, v, n / 2))
WRAP(ssize_t, read, (int fd, void *data, size_t n), (fd, data, n), fd, NULL, )
WRAP(ssize_t, pread, (int fd, void *data, size_t n, off_t o), (fd, data, n, o), fd, NULL, )
WRAP(ssize_t, pread64, (int fd, void *data, size_t n, off64_t o), (fd, data, n, o), fd, NULL, )
WRAP(int, fsync, (int fd), (fd), fd, NULL, )
WRAP(int, fdatasync, (int fd), (fd), fd, NULL, )
WRAP(int, ftruncate, (int fd, off_t n), (fd, n), fd, NULL, )
WRAP(int, ftruncate64, (int fd, off64_t n), (fd, n), fd, NULL, )
WRAP(int, flock, (int fd, int what), (fd, what), fd, NULL, )
WRAP(int, rename, (const char *a, const char *b), (a, b), AT_FDCWD, b, )
WRAP(int, renameat, (int d, const char *a, int e, const char *b), (d, a, e, b), e, b, )
WRAP(int, renameat2, (int d, const char *a, int e, const char *b, unsigned f), (d, a, e, b, f), e,
     b, )
WRAP(int, link, (const char *a, const char *b), (a, b), AT_FDCWD, b, )
WRAP(int, mkdir, (const char *p, mode_t m), (p, m), AT_FDCWD, p, )
WRAP(int, mkdirat, (int d, const char *p, mode_t m), (d, p, m), d, p, )
WRAP(int, unlink, (const char *p), (p), AT_FDCWD, p, )
WRAP(int, unlinkat, (int d, const char *p, int f), (d, p, f), d, p, )
WRAP(int, rmdir, (const char *p), (p), AT_FDCWD, p, )

#define MODE(flags)                                 \
    mode_t mode = 0;                                \
    if ((flags) & (O_CREAT | __O_TMPFILE)) {        \
        va_list rest;                               \
        va_start(rest, flags);                      \
        mode = va_arg(rest, mode_t);                \
        va_end(rest);                               \
    }

#define KIND(flags) (((flags) & (O_WRONLY | O_RDWR | O_CREAT)) ? "create" : "open")

#define WRAP_OPEN(name, parameters, arguments, at)                           \
    int name parameters {                                                    \
        MODE(flags)                                                          \
        static int(*real) parameters;                                        \
        if (!real) real = dlsym(RTLD_NEXT, #name);                           \
        int found = meets(KIND(flags), at, path);                            \
        if (FAILS(found)) return errno = error_number, -1;                   \
        if (found == INSIDE) die();                                          \
        int result = real arguments;                                         \
        if (found == AFTER) die();                                           \
        return result;                                                       \
    }

WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode), AT_FDCWD)
WRAP_OPEN(openat, (int at, const char *path, int flags, ...), (at, path, flags, mode), at)
WRAP_OPEN(openat64, (int at, const char *path, int flags, ...), (at, path, flags, mode), at)
