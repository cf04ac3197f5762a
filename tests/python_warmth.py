"""What processes of ``tests.python_process`` find done: it would be the same in each of them."""

from sqlalchemy.orm import configure_mappers

from kolena_local.repository.file import migrations

configure_mappers()
migrations.schema_after(migrations.load())
