/*
 * limits.h - the sizes that a network, a model, a cluster or a file drives.
 *
 * One place for how much of each is taken in, so that a reader can see what is bounded and by how
 * much. What a file keeps or shows of it (rows of a table, names in a sentence, entries of a list)
 * is bounded at the top of that file, or in the header of that concept. Passing a limit is an
 * ordinary error (KTA_E_LIMIT) or a visible cut ("… 1.2 MB cut"), never a crash and never silent.
 */
#ifndef KTA_LIMITS_H
#define KTA_LIMITS_H

/* files and processes */
#define KTA_MAX_CONFIG_FILE     (1u << 20)  /* bytes: config.yaml, policy files, prompts */
#define KTA_MAX_KUBECONFIG      (8u << 20)  /* bytes of one kubeconfig file */
#define KTA_MAX_STDIN           (8u << 20)  /* bytes of piped text that are kept */
#define KTA_MAX_MANIFEST        (1u << 20)  /* bytes of one step's stdin */
#define KTA_MAX_PROC_OUTPUT     (4u << 20)  /* bytes kept of each output of a child process */
#define KTA_MAX_ARGV            512         /* arguments of one command */
#define KTA_MAX_ARG             (64u << 10) /* bytes of one argument */
#define KTA_PROC_TIMEOUT_MS     120000      /* a child without a deadline of its own */
#define KTA_EXECCRED_TIMEOUT_MS 60000       /* an exec credential plugin (may open a browser) */
#define KTA_EXECCRED_LOGIN_MS   900000      /* the same at a terminal, where a person may log in */

/* HTTP */
#define KTA_MAX_HTTP_BODY     (64u << 20) /* bytes of one answer of the API server */
#define KTA_MAX_LLM_BODY      (8u << 20)  /* bytes of one answer of a model, streamed or not */
#define KTA_MAX_SSE_LINE      (1u << 20)
#define KTA_HTTP_CONNECT_MS   10000
#define KTA_HTTP_TIMEOUT_MS   30000  /* one ordinary request to the API server */
#define KTA_LLM_FIRST_BYTE_MS 180000 /* a slow local model reads a long prompt */
#define KTA_LLM_IDLE_MS       60000  /* between two pieces of a stream */
#define KTA_HTTP_PARALLEL     16     /* requests under way at once */

/* documents */
#define KTA_MAX_JSON_DEPTH 200
#define KTA_MAX_YAML_DEPTH 100
#define KTA_MAX_YAML_NODES 200000      /* after aliases are expanded */
#define KTA_MAX_GUNZIP     (64u << 20) /* bytes of a Helm release, unpacked */

/* cluster */
#define KTA_LIST_PAGE  500          /* objects of one page of a list */
#define KTA_MAX_LIST   20000        /* objects of one list that are looked at */
#define KTA_LOG_BYTES  (256u << 10) /* bytes of one container's log that are asked for */
#define KTA_LOG_LINES  2000
#define KTA_MAX_LOGS   40 /* logs read for one question */
#define KTA_MAX_EVENTS 2000
#define KTA_MAX_KINDS  5000 /* that discovery is asked for */

/* model and plan */
#define KTA_MAX_STEPS       32           /* steps of a plan */
#define KTA_MAX_TOOL_CALLS  16           /* calls in one turn */
#define KTA_MAX_CALL_ARGS   (256u << 10) /* bytes of one call's arguments */
#define KTA_MAX_MODELS      1024         /* that an endpoint lists */
#define KTA_MAX_TOOL_RESULT (16u << 10)  /* bytes of one tool result that a model sees */
#define KTA_MAX_ITERATIONS  20           /* turns for one question (kubectl-ai's default) */
#define KTA_MAX_QUESTION    (64u << 10)

/* the MCP server */
#define KTA_MCP_MESSAGE     (4u << 20) /* bytes of one message of a client */
#define KTA_MCP_BATCH       64         /* messages of one batch */
#define KTA_MCP_CALLS       64         /* calls under way at once; more are told to wait */
#define KTA_MCP_SESSIONS    256        /* the one that was idle longest goes for a new one */
#define KTA_MCP_CONNECTIONS 512
#define KTA_MCP_STREAM      (1u << 20) /* bytes for a slow reader; then notices are dropped */
#define KTA_MCP_PAGE        100        /* entries of one page of a list */
#define KTA_MCP_BURST       1000       /* tool calls at once, then KTA_MCP_PER_S a second */
#define KTA_MCP_PER_S       50
#define KTA_MCP_ASK_MS      600000 /* how long a person may think about an elicitation */
#define KTA_MCP_STATE_S     900    /* how long a requestState is good */

#endif
