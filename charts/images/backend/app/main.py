"""The application: routes, health, and what a broken database looks like from outside."""

import logging
from contextlib import asynccontextmanager

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from sqlalchemy.exc import IntegrityError, OperationalError, ProgrammingError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from . import auth, chat, db, todos
from .log import AccessLog

log = logging.getLogger("app")


@asynccontextmanager
async def lifespan(_app: FastAPI):
    db.health.start()
    yield
    db.health.stop()
    db.engine.dispose()


app = FastAPI(title="todo-app", version="1.0.0", lifespan=lifespan, docs_url=None, redoc_url=None)
app.add_middleware(AccessLog)
for module in (auth, todos, chat):
    app.include_router(module.router)


@app.get("/health")
async def health(ready: bool = False):
    """Liveness by default, which an outage of the database must not touch; `?ready=1` asks for it."""
    if ready and (error := await db.health.check()):
        return JSONResponse({"status": "unavailable", "database": error}, 503)
    return {"status": "ok"} | ({"database": "ok"} if ready else {})


@app.exception_handler(OperationalError)
@app.exception_handler(PoolTimeout)
@app.exception_handler(ProgrammingError)
async def database_error(_request: Request, error: Exception):
    log.error("the database failed: %s", str(getattr(error, "orig", None) or error).strip())
    return JSONResponse({"detail": "The database cannot be reached. Try again in a moment."}, 503)


@app.exception_handler(IntegrityError)
async def conflict(_request: Request, _error: IntegrityError):
    return JSONResponse({"detail": "That exists already."}, 409)
