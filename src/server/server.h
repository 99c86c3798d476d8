/*
 * The server program, put together: descriptors from the parent, the core, three listeners, job threads.
 * This room only starts, routes and stops; what is decided is decided in core.
 */
#pragma once

#include "base/conf.h"
#include "core/core.h"
#include "http/http.h"

struct acme;
struct api;
struct control;

#define SERVER_ADDRESS_SIZE 280 /* https://, a DNS name, a port */

struct server {
        struct conf *conf;
        char address[SERVER_ADDRESS_SIZE]; /* of the console and the API: its first name, the port that was bound */
        struct core core;
        struct api *api;
        struct acme *acme;
        struct crl_cache *crls;
        struct ocsp_queue *ocsp;
        struct revocation_watch *revocations;
        struct http_server *tls, *public, *control;
        atomic_bool ready;
        bool acme_swept; /* the sweep's alone (core/acme_sweep.h) */
};

/* The whole life of the program; returns the exit code.  argv as the parent passed it on. */
int server_main(int argc, char **argv);
