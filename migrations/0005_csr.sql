-- The CSR library (CSR, A9), and what was handed in for a bought certificate (APP).

CREATE TABLE csr (
    csr_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    key_id BIGINT NOT NULL,                 -- cert_key, with the request's text; 0 = not generated yet
    domain TEXT NOT NULL,                   -- A-labels
    organization TEXT NOT NULL,
    department TEXT NOT NULL,
    email TEXT NOT NULL,
    province TEXT NOT NULL,
    city TEXT NOT NULL,
    country TEXT NOT NULL,                  -- two letters
    encrypt_algo TEXT NOT NULL,             -- RSA, ECC
    key_parameter TEXT NOT NULL,            -- 2048, 4096, prime256v1, secp384r1
    remark TEXT NOT NULL,
    status BIGINT NOT NULL,                 -- 0 not generated, 1 created, 2 used
    certificate_id TEXT NOT NULL,           -- whose order used it; '' = none
    created_at BIGINT NOT NULL,
    deleted_at BIGINT NOT NULL              -- 0 = there; a deleted one is kept, never shown: its key stays known (SIL-41)
);
CREATE INDEX csr_list ON csr (account_id, csr_id) WHERE deleted_at = 0;
CREATE INDEX csr_key ON csr (account_id, key_id);
CREATE TABLE csr_tag (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    csr_id BIGINT NOT NULL,
    tag_key TEXT NOT NULL,
    tag_value TEXT NOT NULL,
    PRIMARY KEY (account_id, csr_id, tag_key) -- clustered
);
-- Organisation, administrator and contact of a bought certificate, as they were given.  No secrets.
CREATE TABLE submission (
    certificate_id TEXT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    csr_type TEXT NOT NULL,                 -- online, parse
    company_type BIGINT NOT NULL,           -- 1 person, 2 organisation
    body TEXT NOT NULL,                     -- JSON object: the fields that were given, by the names of SubmittedData
    updated_at BIGINT NOT NULL
);
