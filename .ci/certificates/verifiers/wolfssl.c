/* Answers the questions of ../check as wolfSSL does, for a TLS server at the present.
 * Input and output: see "What a verifier is" in ../check. */

#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void fail(const char *what, const char *which)
{
    fprintf(stderr, "wolfssl: %s %s\n", what, which);
    exit(1);
}

static const char *words(int code)
{
    static char text[WOLFSSL_MAX_ERROR_SZ];
    wolfSSL_ERR_error_string((unsigned long)code, text);
    return text;
}

/* Says why wolfSSL refuses the leaf, or nothing. */
static const char *refusal(const char *leaf, const char *trust, int is_ip, const char *name)
{
    WOLFSSL_CERT_MANAGER *manager = wolfSSL_CertManagerNew();
    WOLFSSL_X509 *certificate = wolfSSL_X509_load_certificate_file(leaf, WOLFSSL_FILETYPE_PEM);
    const char *why = NULL;
    int code;

    if (manager == NULL || certificate == NULL)
        fail("cannot read", leaf);
    code = wolfSSL_CertManagerLoadCA(manager, trust, NULL);
    if (code == WOLFSSL_BAD_FILE)
        fail("cannot read", trust);
    if (code == WOLFSSL_SUCCESS)
        code = wolfSSL_CertManagerVerify(manager, leaf, WOLFSSL_FILETYPE_PEM);
    if (code != WOLFSSL_SUCCESS)
        why = words(code);
    else if (is_ip && wolfSSL_X509_check_ip_asc(certificate, name, 0) != WOLFSSL_SUCCESS)
        why = "another address";
    else if (!is_ip && wolfSSL_X509_check_host(certificate, name, strlen(name), 0, NULL) != WOLFSSL_SUCCESS)
        why = "another host";
    wolfSSL_X509_free(certificate);
    wolfSSL_CertManagerFree(manager);
    return why;
}

int main(int count, char **arguments)
{
    char line[8192];
    FILE *questions = count == 2 ? fopen(arguments[1], "r") : NULL;

    if (questions == NULL)
        fail("cannot read the questions", "");
    wolfSSL_Init();
    while (fgets(line, sizeof line, questions) != NULL) {
        char *number = strtok(line, "\t\n"), *leaf = strtok(NULL, "\t\n");
        char *key = strtok(NULL, "\t\n"), *trust = strtok(NULL, "\t\n");
        char *kind = strtok(NULL, "\t\n"), *name = strtok(NULL, "\t\n");
        const char *why;

        if (key == NULL || name == NULL)
            fail("not a question:", line);
        why = refusal(leaf, trust, strcmp(kind, "ip") == 0, name);
        printf("%s\t%s\t%s\n", number, why == NULL ? "accept" : "refuse", why == NULL ? "" : why);
    }
    return 0;
}
