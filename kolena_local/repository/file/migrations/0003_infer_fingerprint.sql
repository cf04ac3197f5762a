-- Inferences stay when the function that made them is changed; a test with another one must say so.

ALTER TABLE model ADD COLUMN infer_fingerprint
    -- The digest of the code that made the model's inferences; NULL if it is not known.
    TEXT;
