"""The SQLModel classes of tables whose rows are added or changed one at a time.

They map tables that the migrations created; they create and check nothing. Tables whose rows are
written by the thousand have no class here, because SQL does that in a fortieth of the time. The
classes have their own registry, so that an application with SQLModel tables of its own neither sees
them nor creates them by accident. The migrations document each table and column.
"""

# ruff: noqa: D101  the tables are documented in SQL

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel

from kolena_local.repository.held import new_uid


class Table(SQLModel, registry=registry()):
    """The base of all tables here, which holds their registry."""

    __tablename__: ClassVar[Any]


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def _parent(column: str, **options: Any) -> Any:
    return Field(sa_column_args=[ForeignKey(column, ondelete="CASCADE")], **options)


def _provenance() -> Any:
    return Field(default=None, sa_column_args=[ForeignKey("provenance.id")])


def _uid() -> Any:
    return Field(default_factory=new_uid, sa_column_kwargs={"server_default": text("0")})


class ProvenanceTable(Table, table=True):
    __tablename__ = "provenance"

    id: int | None = Field(default=None, primary_key=True)
    digest: bytes = Field(unique=True)
    payload: str = _text()
    created_at: str = _text()


class WorkflowTable(Table, table=True):
    __tablename__ = "workflow"

    id: int | None = Field(default=None, primary_key=True)
    name: str = _text(unique=True)
    created_at: str = _text()
    test_sample_schema: str | None = _text()
    ground_truth_schema: str | None = _text()
    inference_schema: str | None = _text()


class ModelTable(Table, table=True):
    __tablename__ = "model"

    id: int | None = Field(default=None, primary_key=True)
    workflow_id: int = _parent("workflow.id")
    name: str = _text(unique=True)
    metadata_: str = _text(sa_column_kwargs={"name": "metadata", "server_default": text("'{}'")})
    created_at: str = _text()
    updated_at: str = _text()
    uid: int = _uid()
    infer_fingerprint: str | None = _text()
    provenance_id: int | None = _provenance()


class TestCaseTable(Table, table=True):
    __tablename__ = "test_case"

    id: int | None = Field(default=None, primary_key=True)
    workflow_id: int = _parent("workflow.id")
    name: str = _text(unique=True)
    version: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    created_at: str = _text()
    updated_at: str = _text()


class TestSuiteTable(Table, table=True):
    __tablename__ = "test_suite"

    id: int | None = Field(default=None, primary_key=True)
    workflow_id: int = _parent("workflow.id")
    name: str = _text(unique=True)
    description: str = _text()
    version: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    created_at: str = _text()
    updated_at: str = _text()


class TestSuiteVersionTable(Table, table=True):
    __tablename__ = "test_suite_version"

    test_suite_id: int = _parent("test_suite.id", primary_key=True)
    version: int = Field(primary_key=True)
    created_at: str = _text()
    uid: int = _uid()


class TestRunTable(Table, table=True):
    __tablename__ = "test_run"
    __table_args__ = (
        Index(
            "test_run_current",
            *("model_id", "test_suite_id", "test_suite_version", "evaluator"),
            unique=True,
            sqlite_where=text("superseded_at IS NULL"),
        ),
        Index("test_run_model", "model_id"),
        ForeignKeyConstraint(
            ["test_suite_id", "test_suite_version"],
            ["test_suite_version.test_suite_id", "test_suite_version.version"],
            ondelete="CASCADE",
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    model_id: int = _parent("model.id")
    test_suite_id: int
    test_suite_version: int
    evaluator: str = _text()
    status: str = _text()
    error: str | None = _text(default=None)
    created_at: str = _text()
    started_at: str | None = _text(default=None)
    finished_at: str | None = _text(default=None)
    host: str | None = _text(default=None)
    pid: int | None = None
    process_started: int | None = None
    uid: int = _uid()
    superseded_at: str | None = _text(default=None)
    data_change: str | None = _text(default=None)
    provenance_id: int | None = _provenance()


class EvaluatorConfigurationTable(Table, table=True):
    __tablename__ = "evaluator_configuration"
    __table_args__ = (
        UniqueConstraint("test_run_id", "display_name"),
        Index(
            "evaluator_configuration_fresh", "test_run_id", sqlite_where=text("stale_since IS NULL")
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    test_run_id: int = _parent("test_run.id")
    display_name: str = _text()
    payload: str | None = _text(default=None)
    directions: str | None = _text(default=None)
    fingerprint: str | None = _text(default=None)
    evaluated_at: str | None = _text(default=None)
    stale_reason: str | None = _text(default=None)
    stale_since: str | None = _text(default=None)
    provenance_id: int | None = _provenance()
