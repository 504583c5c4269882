"""A conversation about the user's todos with any OpenAI-compatible model.

The conversation is kept in the database, so that any pod can go on with it. The model may act on
the user's own todos, by the functions in TOOLS, and on nothing else.
"""

import json
import logging
import time
from typing import Annotated

import httpx
from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, StringConstraints, ValidationError
from sqlalchemy import delete, insert, select

from . import db, todos
from .auth import CurrentUser
from .settings import settings

router = APIRouter(prefix="/api/chat", tags=["chat"])
log = logging.getLogger("chat")

HISTORY = 20  # messages that the model is reminded of
MAX_ROUNDS = 5  # of tool calls for one answer
DEADLINE_SECONDS = 30  # for one answer; less than a pod's time to end

SYSTEM = "You help a user with their todo list. Be brief. Change the list only as the user asks, by the functions."


class Message(BaseModel):
    role: str
    content: str


class Conversation(BaseModel):
    enabled: bool
    messages: list[Message]


class Question(BaseModel):
    message: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]


def _tool(name, description, **properties):
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "description": description, "parameters": parameters}}


TEXT, FLAG = {"type": "string"}, {"type": "boolean"}
TOOLS = [
    _tool("add_todo", "Add a todo", title=TEXT),
    _tool("complete_todo", "Mark a todo as completed or not", id=TEXT, completed=FLAG),
    _tool("rename_todo", "Change a todo's title", id=TEXT, title=TEXT),
    _tool("delete_todo", "Delete a todo", id=TEXT),
]
ACTIONS = {
    "add_todo": lambda user, a: todos.create_todo(todos.NewTodo(title=a["title"]), user),
    "complete_todo": lambda user, a: todos.change_todo(a["id"], todos.TodoChange(completed=a["completed"]), user),
    "rename_todo": lambda user, a: todos.change_todo(a["id"], todos.TodoChange(title=a["title"]), user),
    "delete_todo": lambda user, a: todos.delete_todo(a["id"], user),
}


def _act(user_id: str, call: dict) -> str:
    """Run one tool call; whatever is wrong with it is told to the model."""
    try:
        function = call["function"]
        arguments = function.get("arguments") or "{}"
        arguments = json.loads(arguments) if isinstance(arguments, str) else arguments
        result = ACTIONS[function["name"]](user_id, arguments)
        return result.model_dump_json() if result else "done"
    except HTTPException as error:
        return f"error: {error.detail}"
    except (KeyError, TypeError, ValueError, ValidationError) as error:
        return f"error: a call that cannot be understood ({type(error).__name__})"


def _ask(messages: list[dict], tools: bool, deadline: float) -> dict:
    """Ask the model once and return its message."""
    body = {"model": settings.openai_model, "messages": messages} | ({"tools": TOOLS} if tools else {})
    try:
        response = httpx.post(
            f"{settings.openai_base_url}/chat/completions",
            json=body,
            headers={"Authorization": f"Bearer {settings.openai_api_key}"},
            timeout=max(1, deadline - time.monotonic()),
        )
    except httpx.HTTPError as error:
        log.warning("the model cannot be reached: %s", type(error).__name__)
        raise HTTPException(502, f"The model at {settings.openai_base_url} cannot be reached.") from None
    if response.status_code in (400, 422) and tools:
        return _ask(messages, False, deadline)
    if response.is_error:
        log.warning("the model answered %d", response.status_code)
        hint = " Check OPENAI_API_KEY." if response.status_code in (401, 403) else ""
        raise HTTPException(502, f"The model answered {response.status_code}.{hint}")
    try:
        return response.json()["choices"][0]["message"]
    except (ValueError, LookupError, TypeError):
        raise HTTPException(502, "The model's answer cannot be understood.") from None


def _answer(user_id: str, messages: list[dict]) -> str:
    deadline = time.monotonic() + DEADLINE_SECONDS
    for _ in range(MAX_ROUNDS):
        reply = _ask(messages, True, deadline)
        calls = reply.get("tool_calls") or []
        if not calls:
            return (reply.get("content") or "").strip() or "(The model said nothing.)"
        messages.append({"role": "assistant", "content": reply.get("content"), "tool_calls": calls})
        for call in calls:
            messages.append({"role": "tool", "tool_call_id": call.get("id", ""), "content": _act(user_id, call)})
    return "I have done what I could; please look at your list."


def _history(user_id: str) -> list[dict]:
    query = select(db.message.c.role, db.message.c.content).where(db.message.c.user_id == user_id)
    with db.engine.connect() as connection:
        rows = connection.execute(query.order_by(db.message.c.created_at.desc()).limit(100)).all()
    return [dict(row._mapping) for row in reversed(rows)]


@router.get("")
def read_conversation(user_id: CurrentUser) -> Conversation:
    return Conversation(enabled=bool(settings.openai_api_key), messages=_history(user_id))


@router.post("")
def ask(question: Question, user_id: CurrentUser) -> Message:
    if not settings.openai_api_key:
        raise HTTPException(503, "The chat is off: OPENAI_API_KEY is not set.")
    listed = [todo.model_dump(include={"id", "title", "completed"}) for todo in todos.list_todos(user_id)]
    messages = [
        {"role": "system", "content": f"{SYSTEM}\nThe list: {json.dumps(listed, ensure_ascii=False)}"},
        *_history(user_id)[-HISTORY:],
        {"role": "user", "content": question.message},
    ]
    answer = _answer(user_id, messages)
    with db.engine.begin() as connection:
        for role, content in (("user", question.message), ("assistant", answer)):
            connection.execute(insert(db.message).values(user_id=user_id, role=role, content=content))
    return Message(role="assistant", content=answer)


@router.delete("", status_code=204)
def forget_conversation(user_id: CurrentUser) -> None:
    with db.engine.begin() as connection:
        connection.execute(delete(db.message).where(db.message.c.user_id == user_id))
