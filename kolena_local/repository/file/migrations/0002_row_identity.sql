-- An object in memory knows its row by the id. But SQLite gives the id of a deleted row to a later
-- one, and a file that was put in the place of another has the same ids for other rows. So each row
-- that an object is made from also has a random number by which it is known.

ALTER TABLE model ADD COLUMN uid
    -- A random number that no other row has, in this file or another; copies of a file share it.
    INTEGER NOT NULL DEFAULT 0;
UPDATE model SET uid = random();

ALTER TABLE test_case_version ADD COLUMN uid
    -- As in model. Whoever has the version has the test case too.
    INTEGER NOT NULL DEFAULT 0;
UPDATE test_case_version SET uid = random();

ALTER TABLE test_suite_version ADD COLUMN uid
    -- As in model. The versions of test cases that it pins never change, nor do their samples.
    INTEGER NOT NULL DEFAULT 0;
UPDATE test_suite_version SET uid = random();

ALTER TABLE test_run ADD COLUMN uid
    -- As in model.
    INTEGER NOT NULL DEFAULT 0;
UPDATE test_run SET uid = random();
