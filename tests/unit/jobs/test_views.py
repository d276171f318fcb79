"""Jobs as they are read."""

from services.jobs import views


def test_fields_of_a_row_are_the_columns_in_their_order() -> None:
    columns = views._jobs().selected_columns
    assert [column.key for column in columns] == list(views.JobRow._fields)
