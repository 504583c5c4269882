"""A user's todos."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException
from pydantic import BaseModel, StringConstraints
from sqlalchemy import delete, func, insert, select, update

from . import db
from .auth import CurrentUser

router = APIRouter(prefix="/api/todos", tags=["todos"])

MAX_TODOS = 1000  # a user

Title = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class NewTodo(BaseModel):
    title: Title


class TodoChange(BaseModel):
    title: Title | None = None
    completed: bool | None = None


class Todo(BaseModel):
    id: str
    title: str
    completed: bool
    created_at: datetime
    updated_at: datetime


def _mine(user_id: str, todo_id: str):
    return (db.todo.c.user_id == user_id) & (db.todo.c.id == todo_id)


@router.get("")
def list_todos(user_id: CurrentUser) -> list[Todo]:
    query = select(db.todo).where(db.todo.c.user_id == user_id).order_by(db.todo.c.created_at)
    with db.engine.connect() as connection:
        return [Todo(**row._mapping) for row in connection.execute(query)]


@router.post("", status_code=201)
def create_todo(new: NewTodo, user_id: CurrentUser) -> Todo:
    with db.engine.begin() as connection:
        count = select(func.count()).select_from(db.todo).where(db.todo.c.user_id == user_id)
        if connection.execute(count).scalar_one() >= MAX_TODOS:
            raise HTTPException(409, f"You have {MAX_TODOS} todos already; delete some first.")
        query = insert(db.todo).values(user_id=user_id, title=new.title).returning(db.todo)
        return Todo(**connection.execute(query).one()._mapping)


@router.patch("/{todo_id}")
def change_todo(todo_id: str, change: TodoChange, user_id: CurrentUser) -> Todo:
    values = change.model_dump(exclude_none=True)
    if not values:
        raise HTTPException(422, "Give a title, or whether it is completed.")
    with db.engine.begin() as connection:
        query = update(db.todo).where(_mine(user_id, todo_id)).values(values).returning(db.todo)
        row = connection.execute(query).one_or_none()
    if row is None:
        raise HTTPException(404, "There is no such todo.")
    return Todo(**row._mapping)


@router.delete("/{todo_id}", status_code=204)
def delete_todo(todo_id: str, user_id: CurrentUser) -> None:
    with db.engine.begin() as connection:
        if connection.execute(delete(db.todo).where(_mine(user_id, todo_id))).rowcount == 0:
            raise HTTPException(404, "There is no such todo.")
