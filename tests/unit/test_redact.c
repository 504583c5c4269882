/*
 * Redaction by its corpus (tests/redact, JSON lines: name, text, secrets, survive) and by the
 * example of every rule; as a whole and in pieces of every size. KTA_CORPUS names another corpus,
 * and KTA_CORPUS_SHOW prints what was done to it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "kta/alloc.h"
#include "kta/fs.h"
#include "kta/json.h"
#include "kta/redact.h"
#include "kta/str.h"

struct tally {
    int texts, secrets, leaks, survivors, lost;
};

/* Every secret gone, every survivor there, and the way back gives the text. */
static void judge(const char *name, const char *got, const struct kta_json *row, struct tally *t)
{
    kta_json_each(s, kta_json_get(row, "secrets")) {
        t->secrets++;
        if (strstr(got, kta_json_text(s))) {
            t->leaks++;
            print_message("# leak in '%s': %s\n", name, kta_json_text(s));
        }
    }
    kta_json_each(s, kta_json_get(row, "survive")) {
        t->survivors++;
        if (!strstr(got, kta_json_text(s))) {
            t->lost++;
            print_message("# lost in '%s': %s\n", name, kta_json_text(s));
        }
    }
}

static void feed_in_pieces(const char *text, size_t piece, struct kta_str *out)
{
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    struct kta_redact_stream *s = kta_redact_stream_new(r);
    size_t n = strlen(text);
    for (size_t at = 0; at < n; at += piece)
        kta_redact_stream_feed(s, text + at, n - at < piece ? n - at : piece, out);
    kta_redact_stream_end(s, out);
    kta_redact_free(r);
}

static void run_row(const struct kta_json *row, struct tally *whole, struct tally *pieces)
{
    const char *name = kta_or(kta_json_str(row, "name"), "?"), *text = kta_json_str(row, "text");
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    kta_auto_free char *got = kta_redact_dup(r, text);
    whole->texts++;
    judge(name, got, row, whole);
    if (getenv("KTA_CORPUS_SHOW"))
        print_message("== %s\n%s\n", name, got);
    kta_auto_str struct kta_str back = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_redact_restore(r, got, &back, &err), 0);
    assert_string_equal(back.s, text);
    kta_redact_free(r);
    static const size_t sizes[] = {1, 3, 17, 64, 1000};
    for (size_t i = 0; i < KTA_LEN(sizes); i++) {
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        feed_in_pieces(text, sizes[i], &out);
        judge(name, out.s, row, pieces);
    }
}

static void test_corpus(void **state)
{
    (void)state;
    const char *path = kta_or(getenv("KTA_CORPUS"), "tests/redact/corpus.jsonl");
    kta_auto_str struct kta_str file = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    if (kta_fs_read(path, 16 << 20, &file, &err) < 0)
        fail_msg("%s", err.msg);
    struct tally whole = {0}, pieces = {0};
    for (char *line = file.s; *line;) {
        size_t n = strcspn(line, "\n");
        kta_auto_json struct kta_json *row = NULL;
        if (n && kta_json_parse(line, n, &row, &err) < 0)
            fail_msg("%s", err.msg);
        if (row)
            run_row(row, &whole, &pieces);
        line += n + (line[n] == '\n');
    }
    print_message(
        "# %d texts: %d of %d secrets leaked, %d of %d survivors lost; in pieces %d and %d\n",
        whole.texts, whole.leaks, whole.secrets, whole.lost, whole.survivors, pieces.leaks,
        pieces.lost);
    assert_int_equal(whole.leaks, 0);
    assert_int_equal(pieces.leaks, 0);
    assert_true(whole.lost * 100 <= whole.survivors);
    assert_true(pieces.lost * 100 <= pieces.survivors);
    if (!getenv("KTA_CORPUS"))
        assert_true(whole.texts >= 80 && whole.secrets >= 200 && whole.survivors >= 200);
}

/* Takes ·, « and » out; what stood between « and » goes into secret. */
static void read_example(const char *example, struct kta_str *text, struct kta_str *secret)
{
    bool inside = false;
    for (const char *p = example; *p;) {
        if (kta_starts(p, "«") || kta_starts(p, "»")) {
            inside = kta_starts(p, "«");
            p += 2;
        } else if (kta_starts(p, "·")) {
            p += 2;
        } else {
            kta_str_addc(text, *p);
            if (inside)
                kta_str_addc(secret, *p);
            p++;
        }
    }
}

static void test_every_rule_hides_its_example(void **state)
{
    (void)state;
    const char *example, *name;
    int bad = 0;
    assert_non_null(kta_redact_rule(100, &example)); /* the file was read to its end */
    for (size_t i = 0; (name = kta_redact_rule(i, &example)); i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT, secret = KTA_STR_INIT;
        read_example(example, &text, &secret);
        struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
        kta_auto_free char *got = kta_redact_dup(r, text.s);
        if (!secret.len || strstr(got, secret.s) || !kta_redact_has_placeholder(got)) {
            print_message("# rule %s: %s\n", name, got);
            bad++;
        }
        kta_redact_free(r);
    }
    assert_int_equal(bad, 0);
}

/* What stands in front of a secret may be gone when it comes: a rule must not need it. */
static void test_every_rule_holds_behind_a_cut(void **state)
{
    (void)state;
    const char *example, *name;
    int bad = 0;
    for (size_t i = 0; (name = kta_redact_rule(i, &example)); i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT, secret = KTA_STR_INIT, out = KTA_STR_INIT;
        kta_str_add(&text, "a line before it\nand another\n");
        read_example(example, &text, &secret);
        kta_str_add(&text, "\nand one behind it\n");
        feed_in_pieces(text.s, 1, &out);
        if (strstr(out.s, secret.s)) {
            print_message("# rule %s: %s\n", name, out.s);
            bad++;
        }
    }
    assert_int_equal(bad, 0);
}

/* A secret is found wherever a piece ends, in lines and in one endless line. */
static void test_no_secret_is_lost_at_an_edge(void **state)
{
    (void)state;
    for (int endless = 0; endless < 2; endless++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT;
        for (int i = 0; i < 70000; i++)
            kta_str_addf(&text,
                         "request %d from 10.0.0.%d took %dms, DB_PASSWORD=hunter%d-x and so on%c",
                         i, i % 250, i % 97, i, endless ? ' ' : '\n');
        feed_in_pieces(text.s, 4096, &out);
        assert_null(strstr(out.s, "=hunter"));
        assert_non_null(strstr(out.s, "request 69999 from 10.0.0.249 took"));
        kta_auto_str struct kta_str odd = KTA_STR_INIT;
        feed_in_pieces(text.s, 4099, &odd);
        assert_string_equal(odd.s, out.s);
    }
}

/* /proc/1/environ: the corpus, which is JSON, can hold no NUL. */
static void test_nul_separates(void **state)
{
    (void)state;
    static const char environ_[] = "PATH=/usr/bin\0DB_PASSWORD=Eider-99x\0HOSTNAME=backend-7d9f8\0"
                                   "API_TOKEN=Zt7Qm20LxPk4\0HOME=/root";
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    kta_auto_str struct kta_str out = KTA_STR_INIT;
    kta_redact_text(r, environ_, sizeof environ_, &out);
    static const char *const gone[] = {"Eider-99x", "Zt7Qm20LxPk4"}, *const left[] = {
                                                                         "/usr/bin",
                                                                         "backend-7d9f8", "/root"};
    for (size_t i = 0; i < KTA_LEN(gone); i++)
        assert_null(memmem(out.s, out.len, gone[i], strlen(gone[i])));
    for (size_t i = 0; i < KTA_LEN(left); i++)
        assert_non_null(memmem(out.s, out.len, left[i], strlen(left[i])));
    kta_redact_free(r);
}

/* What decides stands some way in front of the value: a list of objects on one line. */
static void test_an_endless_line_of_objects(void **state)
{
    (void)state;
    static const size_t sizes[] = {65536, 4096, 100003};
    kta_auto_str struct kta_str text = KTA_STR_INIT;
    for (int i = 0; i < 20000; i++)
        kta_str_addf(&text,
                     "{\"kind\":\"Deployment\",\"metadata\":{\"name\":\"d%d\"},\"env\":[{\"name\":"
                     "\"DB_PASSWORD\",\"value\":\"pw-%d\"},{\"name\":\"secret-token\"}]},",
                     i, i);
    for (size_t i = 0; i < KTA_LEN(sizes); i++) {
        kta_auto_str struct kta_str out = KTA_STR_INIT;
        feed_in_pieces(text.s, sizes[i], &out);
        assert_null(strstr(out.s, "\"pw-"));
        assert_non_null(strstr(out.s, "{\"name\":\"d19999\"}"));
    }
}

/* Names in a value in a name …: whoever writes a log must not stop whoever reads it. (Each of these
 * took minutes when every name looked at all the rest.) */
/* What its header says holds for a table's last row, too, and for nothing behind the table. */
static void test_a_long_table(void **state)
{
    (void)state;
    static const struct {
        const char *head, *open, *id, *value, *close,
            *end; /* open ID id hunter… value db-… close */
    } kinds[] = {
        {"id,password,host\n", "", ",", ",", "\n", "\n"},
        {"| id | password | host |\n|---|---|---|\n", "| ", " | ", " | ", " |\n", "\n"},
        {"ID       PASSWORD      HOST\n", "", "    ", "   ", "\n", "\n"},
        {"COPY users (id, password, host) FROM stdin;\n", "", "\t", "\t", "\n", "\\.\n"},
        {"INSERT INTO users (id, password, host) VALUES\n", "(", ", '", "', '", "'),\n",
         "(0, NULL, '');\n"},
        {"INSERT INTO users (id, password, host) VALUES ", "(", ",'", "','", "'),",
         "(0,NULL,'');\n"},
    };
    for (size_t k = 0; k < KTA_LEN(kinds); k++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT;
        kta_str_add(&text, kinds[k].head);
        for (int i = 10000; i < 30000; i++)
            kta_str_addf(&text, "%s%d%shunter%d%sdb-%d.shop%s", kinds[k].open, i, kinds[k].id, i,
                         kinds[k].value, i, kinds[k].close);
        kta_str_addf(&text, "%sid, hunter42, db\n", kinds[k].end);
        feed_in_pieces(text.s, 4097, &out);
        const char *leak = strstr(out.s, "hunter");
        assert_non_null(leak);
        assert_true(kta_starts(leak, "hunter42"));
        assert_non_null(strstr(out.s, "db-29999.shop"));
    }
}

static void test_endless_runs_of_names_take_no_endless_time(void **state)
{
    (void)state;
    static const char *const units[] = {"password=",
                                        "token=https://",
                                        "session=",
                                        "cGFzc3dvcmQ6",
                                        "<ns:password a=b ",
                                        "password=\"a\n",
                                        "id,password\n",
                                        "password,",
                                        "| password ",
                                        "PASSWORD   ",
                                        "NAME   PASSWORD\n",
                                        "\"tokens\": {",
                                        "insert into t (a,password) values (1,",
                                        "\" \"",
                                        "(1,'pw12345'),",
                                        "copy t (password) from stdin;\n",
                                        "eyJhbGciOiJSUzI1NiJ9.A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1A1\n",
                                        "| base64 -d ",
                                        "gpg <<< ",
                                        ",\"system:",
                                        "пароль "};
    for (size_t i = 0; i < KTA_LEN(units); i++) {
        kta_auto_str struct kta_str text = KTA_STR_INIT, out = KTA_STR_INIT;
        while (text.len < 300000)
            kta_str_add(&text, units[i]);
        clock_t before = clock();
        feed_in_pieces(text.s, 65536, &out);
        if (clock() - before > 5 * CLOCKS_PER_SEC)
            fail_msg("%s", units[i]);
    }
}

/* One word without an end, in which nothing can be cut: what is kept of it has a limit. */
static void test_endless_text_is_not_kept(void **state)
{
    (void)state;
    enum { PIECE = 1 << 16, KEPT = (4 << 20) + PIECE };
    static char piece[PIECE];
    struct kta_redact *r = kta_redact_new(KTA_REDACT_STANDARD);
    struct kta_redact_stream *s = kta_redact_stream_new(r);
    kta_auto_str struct kta_str out = KTA_STR_INIT;

    memset(piece, 'a', sizeof piece);
    for (size_t fed = 0; fed < (size_t)12 << 20;) {
        kta_redact_stream_feed(s, piece, sizeof piece, &out);
        fed += sizeof piece;
        assert_true(fed - out.len <= KEPT);
    }
    kta_redact_stream_end(s, &out);
    kta_redact_free(r);
}

/* Any bytes go through and come back; in pieces, too. A sanitizer's build sees what is read. */
static void test_mutations_come_back(void **state)
{
    (void)state;
    kta_auto_str struct kta_str file = KTA_STR_INIT;
    struct kta_err err = KTA_ERR_INIT;
    assert_int_equal(kta_fs_read("tests/redact/corpus.jsonl", 16 << 20, &file, &err), 0);
    srand(8);
    for (int i = 0; i < 400; i++) {
        size_t at = (size_t)rand() % file.len, n = (size_t)rand() % 3000;
        n = n > file.len - at ? file.len - at : n;
        kta_auto_free char *text = kta_strndup(file.s + at, n);
        for (int m = rand() % 8; m > 0 && n; m--)
            text[(size_t)rand() % n] = "\"'\\:={}[]\n %&|-<>@/"[rand() % 19];
        for (char *p = text; (p = strstr(p, "\\n"));)
            memcpy(p, "\n ", 2);
        if (strstr(text, "\xE2\x9F") || strstr(text, "\\u27"))
            continue; /* a bracket of its own: defused, does not come back */
        struct kta_redact *r = kta_redact_new(i % 4 ? KTA_REDACT_STANDARD : KTA_REDACT_STRICT);
        kta_auto_free char *got = kta_redact_dup(r, text);
        kta_auto_str struct kta_str back = KTA_STR_INIT, pieces = KTA_STR_INIT;
        assert_int_equal(kta_redact_restore(r, got, &back, &err), 0);
        assert_string_equal(back.s, text);
        feed_in_pieces(text, 1 + (size_t)rand() % 200, &pieces);
        kta_redact_free(r);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_corpus),
        cmocka_unit_test(test_every_rule_hides_its_example),
        cmocka_unit_test(test_every_rule_holds_behind_a_cut),
        cmocka_unit_test(test_no_secret_is_lost_at_an_edge),
        cmocka_unit_test(test_nul_separates),
        cmocka_unit_test(test_an_endless_line_of_objects),
        cmocka_unit_test(test_a_long_table),
        cmocka_unit_test(test_endless_runs_of_names_take_no_endless_time),
        cmocka_unit_test(test_endless_text_is_not_kept),
        cmocka_unit_test(test_mutations_come_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
