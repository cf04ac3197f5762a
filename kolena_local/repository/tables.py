"""The SQLModel classes that map what the migrations made; they make nothing and check nothing.

They live on a registry of their own, so that an application with SQLModel tables of its own neither
sees ours nor creates them by accident. What each table and column is for is said in the migrations.
"""

# ruff: noqa: D101  the tables are documented in SQL, where everybody reads them

from __future__ import annotations

from typing import Any, ClassVar

from sqlalchemy import (
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    LargeBinary,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import registry
from sqlmodel import Field, SQLModel


class Table(SQLModel, registry=registry()):
    """The base of all tables here, and the home of their registry."""

    __tablename__: ClassVar[Any]


def _text(**options: Any) -> Any:
    return Field(sa_type=Text, **options)


def _parent(column: str, *, cascade: bool = True, **options: Any) -> Any:
    return Field(
        sa_column_args=[ForeignKey(column, ondelete="CASCADE" if cascade else None)], **options
    )


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


class ModelTagTable(Table, table=True):
    __tablename__ = "model_tag"

    model_id: int = _parent("model.id", primary_key=True)
    tag: str = _text(primary_key=True)


class TestSampleTable(Table, table=True):
    __tablename__ = "test_sample"
    __table_args__ = (UniqueConstraint("workflow_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    workflow_id: int = _parent("workflow.id")
    digest: bytes = Field(sa_type=LargeBinary)
    payload: str = _text()
    metadata_: str = _text(sa_column_kwargs={"name": "metadata", "server_default": text("'{}'")})


class GroundTruthTable(Table, table=True):
    __tablename__ = "ground_truth"
    __table_args__ = (UniqueConstraint("test_sample_id", "digest"),)

    id: int | None = Field(default=None, primary_key=True)
    test_sample_id: int = _parent("test_sample.id")
    digest: bytes = Field(sa_type=LargeBinary)
    payload: str = _text()


class TestCaseTable(Table, table=True):
    __tablename__ = "test_case"

    id: int | None = Field(default=None, primary_key=True)
    workflow_id: int = _parent("workflow.id")
    name: str = _text(unique=True)
    version: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    created_at: str = _text()
    updated_at: str = _text()


class TestCaseVersionTable(Table, table=True):
    __tablename__ = "test_case_version"

    test_case_id: int = _parent("test_case.id", primary_key=True)
    version: int = Field(primary_key=True)
    description: str = _text()
    sample_count: int
    created_at: str = _text()


class TestCaseMemberTable(Table, table=True):
    __tablename__ = "test_case_member"
    __table_args__ = (
        Index(
            "test_case_member_sample",
            "test_sample_id",
            "test_case_id",
            text("ifnull(removed, 0)"),
            unique=True,
        ),
    )

    test_case_id: int = _parent("test_case.id", primary_key=True)
    position: int = Field(primary_key=True)
    added: int = Field(primary_key=True)
    removed: int | None = None
    test_sample_id: int = _parent("test_sample.id", cascade=False)
    ground_truth_id: int = _parent("ground_truth.id", cascade=False)


class TestSuiteTable(Table, table=True):
    __tablename__ = "test_suite"

    id: int | None = Field(default=None, primary_key=True)
    workflow_id: int = _parent("workflow.id")
    name: str = _text(unique=True)
    description: str = _text()
    version: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    created_at: str = _text()
    updated_at: str = _text()


class TestSuiteTagTable(Table, table=True):
    __tablename__ = "test_suite_tag"

    test_suite_id: int = _parent("test_suite.id", primary_key=True)
    tag: str = _text(primary_key=True)


class TestSuiteVersionTable(Table, table=True):
    __tablename__ = "test_suite_version"

    test_suite_id: int = _parent("test_suite.id", primary_key=True)
    version: int = Field(primary_key=True)
    created_at: str = _text()


class TestSuiteMemberTable(Table, table=True):
    __tablename__ = "test_suite_member"
    __table_args__ = (
        UniqueConstraint("test_suite_id", "version", "test_case_id"),
        ForeignKeyConstraint(
            ["test_suite_id", "version"],
            ["test_suite_version.test_suite_id", "test_suite_version.version"],
            ondelete="CASCADE",
        ),
        ForeignKeyConstraint(
            ["test_case_id", "test_case_version"],
            ["test_case_version.test_case_id", "test_case_version.version"],
        ),
    )

    test_suite_id: int = Field(primary_key=True)
    version: int = Field(primary_key=True)
    position: int = Field(primary_key=True)
    test_case_id: int
    test_case_version: int


class InferenceTable(Table, table=True):
    __tablename__ = "inference"
    __table_args__ = (
        UniqueConstraint("model_id", "test_sample_id"),
        Index("inference_stale", "model_id", "test_sample_id", sqlite_where=text("stale = 1")),
    )

    id: int | None = Field(default=None, primary_key=True)
    model_id: int = _parent("model.id")
    test_sample_id: int = _parent("test_sample.id")
    stale: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    payload: str = _text()


class InferenceLeaseTable(Table, table=True):
    __tablename__ = "inference_lease"
    __table_args__ = (Index("inference_lease_model", "model_id"),)

    owner: str = _text(primary_key=True)
    model_id: int = _parent("model.id")
    test_sample_ids: str = _text()
    expires_at: str = _text()
    host: str = _text()
    pid: int
    process_started: int | None = None


class TestRunTable(Table, table=True):
    __tablename__ = "test_run"
    __table_args__ = (
        UniqueConstraint("model_id", "test_suite_id", "test_suite_version", "evaluator"),
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


class EvaluatorConfigurationTable(Table, table=True):
    __tablename__ = "evaluator_configuration"
    __table_args__ = (UniqueConstraint("test_run_id", "display_name"),)

    id: int | None = Field(default=None, primary_key=True)
    test_run_id: int = _parent("test_run.id")
    display_name: str = _text()
    payload: str | None = _text(default=None)


class MetricsTestSampleTable(Table, table=True):
    __tablename__ = "metrics_test_sample"
    __table_args__ = (
        Index(
            "metrics_test_sample_of_configuration",
            "evaluator_configuration_id",
            text("ifnull(test_case_id, 0)"),
            "test_sample_id",
            unique=True,
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    evaluator_configuration_id: int = _parent("evaluator_configuration.id")
    test_case_id: int | None = _parent("test_case.id", cascade=False, default=None)
    test_sample_id: int = _parent("test_sample.id", cascade=False)
    payload: str = _text()


class MetricsTestCaseTable(Table, table=True):
    __tablename__ = "metrics_test_case"

    evaluator_configuration_id: int = _parent("evaluator_configuration.id", primary_key=True)
    test_case_id: int = _parent("test_case.id", cascade=False, primary_key=True)
    payload: str = _text()


class MetricsTestSuiteTable(Table, table=True):
    __tablename__ = "metrics_test_suite"

    evaluator_configuration_id: int = _parent("evaluator_configuration.id", primary_key=True)
    payload: str = _text()


class PlotTable(Table, table=True):
    __tablename__ = "plot"

    evaluator_configuration_id: int = _parent("evaluator_configuration.id", primary_key=True)
    test_case_id: int = _parent("test_case.id", cascade=False, primary_key=True)
    position: int = Field(primary_key=True)
    payload: str = _text()
