/*
 * server.h - starts a scripted server of tests/servers for a unit test, and ends it.
 *
 * The server prints its port on a line and runs until its standard input ends, so that it is gone
 * when the test is, however that ended. Tests run from the top folder of the repository.
 */
#ifndef KTA_TESTS_SERVER_H
#define KTA_TESTS_SERVER_H

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

struct test_server {
    pid_t pid;
    int in; /* closing it ends the server */
    int port;
};

extern char **environ;

/* argv as for posix_spawnp; 0, or -1 when it did not start. */
static inline int test_server_start(struct test_server *s, const char *const *argv)
{
    int in[2], out[2], rc;
    posix_spawn_file_actions_t acts;
    FILE *f;
    if (pipe2(in, O_CLOEXEC) < 0 || pipe2(out, O_CLOEXEC) < 0)
        return -1;
    posix_spawn_file_actions_init(&acts);
    posix_spawn_file_actions_adddup2(&acts, in[0], 0);
    posix_spawn_file_actions_adddup2(&acts, out[1], 1);
    rc = posix_spawnp(&s->pid, argv[0], &acts, NULL, (char *const *)(void *)(size_t)argv, environ);
    posix_spawn_file_actions_destroy(&acts);
    close(in[0]);
    close(out[1]);
    s->in = in[1];
    f = fdopen(out[0], "r");
    if (rc || !f || fscanf(f, "%d", &s->port) != 1)
        rc = -1;
    if (f)
        fclose(f);
    return rc ? -1 : 0;
}

static inline void test_server_stop(struct test_server *s)
{
    close(s->in);
    kill(s->pid, SIGTERM);
    waitpid(s->pid, NULL, 0);
}

#endif
