/* main.c - argv → command table → exit code. */
#include <stdio.h>

int main(void)
{
    puts("kubectl-todo-ai " KTA_VERSION);
    return 0;
}
