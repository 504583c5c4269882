"""Who is asking, and the storage of better-auth, which runs in the frontend.

/internal/auth is better-auth's database: one POST for each operation of its adapter. It takes a
token derived from BETTER_AUTH_SECRET, and the frontend forwards no browser there.
"""

import hashlib
import hmac
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Header, HTTPException
from pydantic import BaseModel
from sqlalchemy import and_, delete, func, insert, or_, select, update

from . import db
from .settings import settings

router = APIRouter()

SERVICE_TOKEN = hmac.new(settings.auth_secret.encode(), b"todo-app service", hashlib.sha256).hexdigest()
MODELS = {table.name: table for table in (db.user, db.session, db.account, db.verification)}
MAX_ROWS = 1000


def _bearer(authorization: str) -> str:
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def current_user(authorization: Annotated[str, Header()] = "") -> str:
    """The id of the user whose session's token came with the request."""
    query = select(db.session.c.userId).where(
        db.session.c.token == _bearer(authorization), db.session.c.expiresAt > db.now()
    )
    with db.engine.connect() as connection:
        user_id = connection.execute(query).scalar_one_or_none()
    if not user_id:
        raise HTTPException(401, "Sign in first.")
    return user_id


CurrentUser = Annotated[str, Depends(current_user)]


def only_frontend(authorization: Annotated[str, Header()] = "") -> None:
    if not hmac.compare_digest(_bearer(authorization).encode(), SERVICE_TOKEN.encode()):
        raise HTTPException(403, "Only the frontend may do this.")


class Condition(BaseModel):
    field: str
    operator: Literal[
        "eq", "ne", "lt", "lte", "gt", "gte", "in", "not_in", "contains", "starts_with", "ends_with"
    ] = "eq"
    value: Any = None
    connector: Literal["AND", "OR"] = "AND"


class SortBy(BaseModel):
    field: str
    direction: Literal["asc", "desc"]


class Operation(BaseModel):
    op: Literal["create", "findOne", "findMany", "update", "updateMany", "delete", "deleteMany", "consumeOne", "count"]
    model: Literal["user", "session", "account", "verification"]
    where: list[Condition] = []
    data: dict[str, Any] = {}
    limit: int = 100
    offset: int = 0
    sortBy: SortBy | None = None


COMPARE = {
    "eq": lambda c, v: c.is_(None) if v is None else c == v,
    "ne": lambda c, v: c.is_not(None) if v is None else c != v,
    "lt": lambda c, v: c < v,
    "lte": lambda c, v: c <= v,
    "gt": lambda c, v: c > v,
    "gte": lambda c, v: c >= v,
    "in": lambda c, v: c.in_(v),
    "not_in": lambda c, v: c.not_in(v),
    "contains": lambda c, v: c.contains(v, autoescape=True),
    "starts_with": lambda c, v: c.startswith(v, autoescape=True),
    "ends_with": lambda c, v: c.endswith(v, autoescape=True),
}


def _column(table, name):
    if name not in table.c:
        raise HTTPException(400, f"{table.name} has no field {name!r}")
    return table.c[name]


def _where(table, conditions: list[Condition]):
    """better-auth's meaning: all of the ANDs, and any of the ORs."""
    terms = {"AND": [], "OR": []}
    for condition in conditions:
        terms[condition.connector].append(COMPARE[condition.operator](_column(table, condition.field), condition.value))
    return and_(*terms["AND"], *([or_(*terms["OR"])] if terms["OR"] else []))


def _first_id(table, where):
    return select(table.c.id).where(where).limit(1).scalar_subquery()


@router.post("/internal/auth", dependencies=[Depends(only_frontend)], include_in_schema=False)
def auth_storage(op: Operation):
    table = MODELS[op.model]
    where = _where(table, op.where)
    values = {_column(table, name).name: value for name, value in op.data.items()}
    if op.op not in ("create", "findMany", "count") and not op.where:
        raise HTTPException(400, f"{op.op} needs a condition")
    one = table.c.id == _first_id(table, where)

    query = {
        "create": lambda: insert(table).values(values).returning(table),
        "findOne": lambda: select(table).where(where).limit(1),
        "findMany": lambda: _many(op, table, where),
        "count": lambda: select(func.count()).select_from(table).where(where),
        "update": lambda: update(table).where(one).values(values).returning(table),
        "updateMany": lambda: update(table).where(where).values(values),
        "delete": lambda: delete(table).where(one),
        "deleteMany": lambda: delete(table).where(where),
        # One statement: of two who consume the same row, one gets it.
        "consumeOne": lambda: delete(table).where(one).returning(table),
    }[op.op]()
    with db.engine.begin() as connection:
        result = connection.execute(query)
        if op.op == "count":
            return result.scalar_one()
        if not result.returns_rows:
            return result.rowcount
        rows = [dict(row._mapping) for row in result]
    return rows if op.op == "findMany" else (rows[0] if rows else None)


def _many(op: Operation, table, where):
    query = select(table).where(where).limit(min(op.limit, MAX_ROWS)).offset(op.offset)
    if op.sortBy:
        column = _column(table, op.sortBy.field)
        query = query.order_by(column.desc() if op.sortBy.direction == "desc" else column.asc())
    return query
