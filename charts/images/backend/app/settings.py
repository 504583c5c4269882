"""What the environment says. Read once, at start; a missing secret ends the process with a sentence."""

import os
import sys
from dataclasses import dataclass


@dataclass(frozen=True)
class Settings:
    auth_secret: str
    database_url: str
    log_level: str
    openai_api_key: str
    openai_base_url: str
    openai_model: str


def read() -> Settings:
    env = os.environ.get
    if len(env("BETTER_AUTH_SECRET", "")) < 32:
        sys.exit("BETTER_AUTH_SECRET must be set to at least 32 characters (openssl rand -base64 32)")
    return Settings(
        auth_secret=env("BETTER_AUTH_SECRET", ""),
        database_url=env("DATABASE_URL") or "sqlite:////tmp/todo.db",
        log_level=(env("LOG_LEVEL") or "info").upper(),
        openai_api_key=env("OPENAI_API_KEY", "").strip(),
        openai_base_url=(env("OPENAI_BASE_URL") or "https://api.openai.com/v1").rstrip("/"),
        openai_model=env("OPENAI_MODEL") or "gpt-4o-mini",
    )


settings = read()
