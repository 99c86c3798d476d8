-- Certificates from elsewhere: what the owner brought, so that it can be given back byte for byte.
CREATE TABLE upload (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    cert_hash BYTEA NOT NULL,               -- SHA-256 of the certificate's DER; of a bundle: of all of it
    public_text TEXT NOT NULL,              -- as it came, or PEM made of what came as DER
    chain BYTEA NOT NULL,                   -- DER one after another: leaf, its issuers upwards; or the bundle as it came
    key_text BYTEA NOT NULL,                -- the private key as it came, sealed; '' = none
    seal_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, certificate_id)
);
CREATE INDEX upload_hash ON upload (account_id, cert_hash);
-- Contents exchanged under the same id; the deployment that follows hangs on the number.
CREATE TABLE upload_update (
    update_id BIGINT PRIMARY KEY,
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    resource_types TEXT NOT NULL,           -- one a line
    status BIGINT NOT NULL,                 -- 1 done, 4 taken back
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL
);
CREATE INDEX upload_update_account ON upload_update (account_id, update_id);
-- What the latest exchange of a certificate took the place of, so that it can be taken back.
CREATE TABLE upload_before (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    certificate_id TEXT NOT NULL,
    update_id BIGINT NOT NULL,              -- of that exchange
    key_id BIGINT NOT NULL,
    cert_hash BYTEA NOT NULL,               -- these as in upload
    public_text TEXT NOT NULL,
    chain BYTEA NOT NULL,
    key_text BYTEA NOT NULL,
    seal_version BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (account_id, certificate_id)
);
