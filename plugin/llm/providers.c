/*
 * providers.c - the table of providers. All speak the OpenAI-compatible API; what differs is data.
 *
 * The order matters: without --llm-provider the first row whose address or key is set in the
 * environment is taken. Names and variables are those of kubectl-ai where it has them.
 */
#include <string.h>
#include "kta/alloc.h"
#include "kta/llm.h"

#define OPENAI_BASES "OPENAI_ENDPOINT OPENAI_API_BASE OPENAI_BASE_URL"

static const struct kta_provider table[] = {
    {.name = "openai",
     .base = "https://api.openai.com/v1",
     .base_vars = OPENAI_BASES,
     .key_vars = "OPENAI_API_KEY",
     .model_vars = "OPENAI_MODEL",
     .model = "gpt-4.1",
     .token_param = "max_completion_tokens",
     .key_needed = true,
     .system_as_developer = true},
    {.name = "openai-compatible",
     .base_vars = OPENAI_BASES,
     .key_vars = "OPENAI_API_KEY",
     .model_vars = "OPENAI_MODEL",
     .token_param = "max_tokens"},
    {.name = "azopenai",
     .base_vars = "AZURE_OPENAI_ENDPOINT",
     .key_vars = "AZURE_OPENAI_API_KEY",
     .model_vars = "AZURE_OPENAI_MODEL AZURE_OPENAI_DEPLOYMENT",
     .token_param = "max_completion_tokens",
     .auth_header = "api-key",
     .query = "api-version=2024-10-21",
     .key_needed = true},
    {.name = "gemini",
     .base = "https://generativelanguage.googleapis.com/v1beta/openai",
     .base_vars = "GEMINI_ENDPOINT",
     .key_vars = "GEMINI_API_KEY GOOGLE_API_KEY",
     .model_vars = "GEMINI_MODEL",
     .model = "gemini-2.5-pro",
     .token_param = "max_tokens",
     .key_needed = true},
    {.name = "grok",
     .base = "https://api.x.ai/v1",
     .base_vars = "GROK_ENDPOINT",
     .key_vars = "GROK_API_KEY XAI_API_KEY",
     .model_vars = "GROK_MODEL",
     .model = "grok-4",
     .token_param = "max_tokens",
     .key_needed = true},
    {.name = "groq",
     .base = "https://api.groq.com/openai/v1",
     .base_vars = "GROQ_BASE_URL",
     .key_vars = "GROQ_API_KEY",
     .model_vars = "GROQ_MODEL",
     .model = "llama-3.3-70b-versatile",
     .token_param = "max_tokens",
     .key_needed = true},
    {.name = "mistral",
     .base = "https://api.mistral.ai/v1",
     .base_vars = "MISTRAL_BASE_URL",
     .key_vars = "MISTRAL_API_KEY",
     .model_vars = "MISTRAL_MODEL",
     .model = "mistral-large-latest",
     .token_param = "max_tokens",
     .key_needed = true},
    {.name = "deepseek",
     .base = "https://api.deepseek.com/v1",
     .base_vars = "DEEPSEEK_BASE_URL",
     .key_vars = "DEEPSEEK_API_KEY",
     .model_vars = "DEEPSEEK_MODEL",
     .model = "deepseek-chat",
     .token_param = "max_tokens",
     .no_schema = true,
     .key_needed = true},
    {.name = "openrouter",
     .base = "https://openrouter.ai/api/v1",
     .base_vars = "OPENROUTER_BASE_URL",
     .key_vars = "OPENROUTER_API_KEY",
     .model_vars = "OPENROUTER_MODEL",
     .token_param = "max_tokens",
     .header = "X-Title: kubectl-todo-ai",
     .key_needed = true},
    {.name = "anthropic",
     .base = "https://api.anthropic.com/v1",
     .base_vars = "ANTHROPIC_BASE_URL",
     .key_vars = "ANTHROPIC_API_KEY",
     .model_vars = "ANTHROPIC_MODEL",
     .model = "claude-sonnet-4-5",
     .token_param = "max_tokens",
     .key_needed = true},
    {.name = "ollama",
     .base = "http://127.0.0.1:11434/v1",
     .base_vars = "OLLAMA_HOST",
     .key_vars = "",
     .model_vars = "OLLAMA_MODEL",
     .token_param = "max_tokens"},
    {.name = "llamacpp",
     .base = "http://127.0.0.1:8080/v1",
     .base_vars = "LLAMACPP_HOST",
     .key_vars = "",
     .model_vars = "LLAMACPP_MODEL",
     .model = "default",
     .token_param = "max_tokens"},
    {.name = "none", .base_vars = "", .key_vars = "", .model_vars = "", .token_param = ""},
};

static const struct {
    const char *alias, *name;
} aliases[] = {
    {"azure", "azopenai"},
    {"azure-openai", "azopenai"},
    {"google", "gemini"},
    {"xai", "grok"},
    {"claude", "anthropic"},
    {"llama.cpp", "llamacpp"},
    {"llama-cpp", "llamacpp"},
    {"openai_compatible", "openai-compatible"},
    {"compatible", "openai-compatible"},
};

const struct kta_provider *kta_providers(size_t *ret_n)
{
    *ret_n = KTA_LEN(table);
    return table;
}

const struct kta_provider *kta_provider_find(const char *name)
{
    for (size_t i = 0; i < KTA_LEN(aliases); i++)
        if (!strcmp(aliases[i].alias, name))
            name = aliases[i].name;
    for (size_t i = 0; i < KTA_LEN(table); i++)
        if (!strcmp(table[i].name, name))
            return &table[i];
    return NULL;
}
