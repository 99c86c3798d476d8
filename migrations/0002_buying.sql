-- Buying: what an account has to spend.
-- The balance is the sum of the ledger's entries in the book of that name, kept beside them so that nobody has to add up
-- years of entries to buy something; the CHECK is the last line against spending what is not there.
CREATE TABLE account_balance (
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    currency TEXT NOT NULL,
    amount_minor BIGINT NOT NULL CHECK (amount_minor >= 0),
    PRIMARY KEY (account_id, currency) -- clustered
);
-- Benefit packages: points bought or granted ahead, spent on certificates (CON-30, SIL-02).
CREATE TABLE benefit_package (
    package_seq BIGINT PRIMARY KEY,
    package_id TEXT NOT NULL UNIQUE,        -- as shown
    account_id BIGINT NOT NULL REFERENCES account (account_id),
    kind TEXT NOT NULL,                     -- ssl_100, ssl_500, ssl_2000
    total BIGINT NOT NULL,
    balance BIGINT NOT NULL CHECK (balance >= 0),
    state TEXT NOT NULL,                    -- usable, used, refund; expired follows from expires_at
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX benefit_package_account ON benefit_package (account_id, package_seq);
