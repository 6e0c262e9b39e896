BEGIN;
CREATE TABLE workflow_status (
    workflow_uuid TEXT PRIMARY KEY,
    status TEXT,
    name TEXT,
    authenticated_user TEXT,
    assumed_role TEXT,
    authenticated_roles TEXT,
    request TEXT,
    output TEXT,
    error TEXT,
    executor_id TEXT,
    created_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    updated_at INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    application_version TEXT,
    application_id TEXT,
    class_name TEXT DEFAULT NULL,
    config_name TEXT DEFAULT NULL,
    recovery_attempts INTEGER DEFAULT 0,
    queue_name TEXT,
    workflow_timeout_ms INTEGER,
    workflow_deadline_epoch_ms INTEGER,
    inputs TEXT,
    started_at_epoch_ms INTEGER,
    deduplication_id TEXT,
    priority INTEGER NOT NULL DEFAULT 0
, queue_partition_key TEXT, forked_from TEXT, "owner_xid" TEXT DEFAULT NULL, "parent_workflow_id" TEXT DEFAULT NULL, "serialization" TEXT DEFAULT NULL, "delay_until_epoch_ms" BIGINT DEFAULT NULL, "was_forked_from" BOOLEAN NOT NULL DEFAULT FALSE, "rate_limited" BOOLEAN NOT NULL DEFAULT FALSE, "completed_at" BIGINT, "attributes" TEXT, "schedule_name" TEXT, "debounce_deadline_epoch_ms" BIGINT DEFAULT NULL, "is_debounced" BOOLEAN NOT NULL DEFAULT FALSE, "application_name" TEXT DEFAULT NULL, "creator_xid" TEXT DEFAULT NULL);
CREATE TABLE notifications (
    message_uuid TEXT NOT NULL DEFAULT (hex(randomblob(16))) PRIMARY KEY,
    destination_uuid TEXT NOT NULL,
    topic TEXT,
    message TEXT NOT NULL,
    created_at_epoch_ms INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000), "serialization" TEXT DEFAULT NULL, "consumed" BOOLEAN NOT NULL DEFAULT FALSE, consumed_by_function_id INTEGER,
    FOREIGN KEY (destination_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events (
    workflow_uuid TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid) 
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_events_history (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL, "serialization" TEXT DEFAULT NULL,
    PRIMARY KEY (workflow_uuid, function_id, key),
    FOREIGN KEY (workflow_uuid) REFERENCES workflow_status(workflow_uuid)
        ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE TABLE workflow_input (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    inputs TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
CREATE TABLE workflow_output (
    workflow_uuid TEXT NOT NULL PRIMARY KEY,
    output TEXT,
    error TEXT,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000)
);
CREATE TABLE "operation_outputs" (
    workflow_uuid TEXT NOT NULL,
    function_id INTEGER NOT NULL,
    function_name TEXT NOT NULL DEFAULT '',
    output TEXT,
    error TEXT,
    child_workflow_id TEXT,
    started_at_epoch_ms INTEGER,
    completed_at_epoch_ms INTEGER,
    serialization TEXT,
    application_name TEXT DEFAULT NULL,
    retention_timestamp INTEGER NOT NULL DEFAULT (strftime('%s','now') * 1000),
    PRIMARY KEY (workflow_uuid, function_id)
);
INSERT INTO notifications VALUES ('3aeb7c04-df80-409c-9151-929ef2420f47', 'r-approved', 'approval', 'gASVBwAAAAAAAACMA3llc5Qu', 1795628681000, 'py_pickle', 1, 1);
INSERT INTO operation_outputs VALUES ('r-timeout', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsKcy4=', NULL, NULL, 1795628680838, 1795628680839, 'py_pickle', 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout', 2, 'flaky', 'gARLBy4=', NULL, NULL, 1795628680841, 1795628680873, 'py_pickle', 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout', 3, 'child', NULL, NULL, 'r-timeout-3', 1795628680875, 1795628680877, NULL, 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL, 1795628680878, 1795628680879, 'py_pickle', 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-timeout-3', 1795628680875, 1795628680883, 'py_pickle', 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout', 5, 'DBOS.setEvent', NULL, NULL, NULL, 1795628680885, 1795628680886, NULL, 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout', 6, 'DBOS.sleep', '1795628680.938931', NULL, NULL, 1795628680888, 1795628680938, 'portable_json', 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout', 8, 'DBOS.sleep', '1795628681.1412249', NULL, NULL, 1795628680940, 1795628680941, 'portable_json', 'renewals', 1795628680000);
INSERT INTO operation_outputs VALUES ('r-timeout', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL, 1795628680939, 1795628681144, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-timeout', 9, 'publish', 'gASVDQAAAAAAAACMCXB1Ymxpc2hlZJQu', NULL, NULL, 1795628681146, 1795628681147, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEtacy4=', NULL, NULL, 1795628681153, 1795628681153, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 2, 'flaky', 'gARLBy4=', NULL, NULL, 1795628681155, 1795628681186, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 3, 'child', NULL, NULL, 'r-over-3', 1795628681189, 1795628681190, NULL, 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL, 1795628681191, 1795628681192, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-over-3', 1795628681189, 1795628681195, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 5, 'DBOS.setEvent', NULL, NULL, NULL, 1795628681197, 1795628681198, NULL, 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 6, 'DBOS.sleep', '1795628681.2502377', NULL, NULL, 1795628681199, 1795628681250, 'portable_json', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 8, 'DBOS.sleep', '1795628681.4517367', NULL, NULL, 1795628681251, 1795628681251, 'portable_json', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL, 1795628681250, 1795628681453, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-over', 9, 'publish', NULL, 'gASVOAAAAAAAAACMCGJ1aWx0aW5zlIwKVmFsdWVFcnJvcpSTlIwWZGlzY291bnQgOTAlID4gbWF4IDMwJZSFlFKULg==', NULL, 1795628681456, 1795628681457, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-approved', 2, 'DBOS.sleep', '1795628686.464599', NULL, NULL, 1795628681464, 1795628681464, 'portable_json', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-approved', 1, 'DBOS.recv', 'gASVBwAAAAAAAACMA3llc5Qu', NULL, NULL, 1795628681463, 1795628681829, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-broken', 1, 'hopeless', NULL, 'gASVgAAAAAAAAACMC2Rib3MuX2Vycm9ylIwaREJPU01heFN0ZXBSZXRyaWVzRXhjZWVkZWSUk5SMCGhvcGVsZXNzlEsCXZQojAhidWlsdGluc5SMDFJ1bnRpbWVFcnJvcpSTlIwSdXBzdHJlYW0gNTAzIGFnYWlulIWUUpRoB2gIhZRSlGWHlFKULg==', NULL, 1795628681837, 1795628681848, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-deadline', 1, 'DBOS.sleep', '1795628681.9552066', NULL, NULL, 1795628681854, 1795628681955, 'portable_json', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-deadline', 2, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628681955, 1795628681956, 'py_pickle', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-deadline', 3, 'DBOS.sleep', '1795628682.059929', NULL, NULL, 1795628681959, 1795628682059, 'portable_json', 'renewals', 1795628681000);
INSERT INTO operation_outputs VALUES ('r-deadline', 4, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682060, 1795628682061, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 5, 'DBOS.sleep', '1795628682.1644492', NULL, NULL, 1795628682063, 1795628682164, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 6, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682164, 1795628682166, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 7, 'DBOS.sleep', '1795628682.2691467', NULL, NULL, 1795628682168, 1795628682269, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 8, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682269, 1795628682270, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 9, 'DBOS.sleep', '1795628682.3732817', NULL, NULL, 1795628682272, 1795628682373, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 10, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682373, 1795628682374, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 11, 'DBOS.sleep', '1795628682.4771628', NULL, NULL, 1795628682376, 1795628682477, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 12, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682477, 1795628682478, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 13, 'DBOS.sleep', '1795628682.5819325', NULL, NULL, 1795628682481, 1795628682581, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 14, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682582, 1795628682583, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 15, 'DBOS.sleep', '1795628682.6866326', NULL, NULL, 1795628682586, 1795628682686, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 16, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682687, 1795628682687, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 17, 'DBOS.sleep', '1795628682.7910082', NULL, NULL, 1795628682690, 1795628682791, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 18, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628682791, 1795628682792, 'py_pickle', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-deadline', 19, 'DBOS.sleep', '1795628682.8949304', NULL, NULL, 1795628682794, 1795628682894, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-cancel', 1, 'DBOS.sleep', '1795628683.0000248', NULL, NULL, 1795628682899, 1795628683000, 'portable_json', 'renewals', 1795628682000);
INSERT INTO operation_outputs VALUES ('r-cancel', 2, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628683000, 1795628683001, 'py_pickle', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-cancel', 3, 'DBOS.sleep', '1795628683.1043882', NULL, NULL, 1795628683003, 1795628683104, 'portable_json', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-cancel', 4, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628683104, 1795628683105, 'py_pickle', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-cancel', 5, 'DBOS.sleep', '1795628683.2082033', NULL, NULL, 1795628683107, 1795628683208, 'portable_json', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsKcy4=', NULL, NULL, 1795628680838, 1795628680839, 'py_pickle', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 2, 'flaky', 'gARLBy4=', NULL, NULL, 1795628683826, 1795628683857, 'py_pickle', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 3, 'child', NULL, NULL, 'r-fork-3', 1795628683861, 1795628683862, NULL, 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL, 1795628683864, 1795628683864, 'py_pickle', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-fork-3', 1795628683861, 1795628683869, 'py_pickle', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 5, 'DBOS.setEvent', NULL, NULL, NULL, 1795628683871, 1795628683872, NULL, 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 6, 'DBOS.sleep', '1795628683.9252512', NULL, NULL, 1795628683874, 1795628683925, 'portable_json', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 8, 'DBOS.sleep', '1795628684.1272562', NULL, NULL, 1795628683926, 1795628683927, 'portable_json', 'renewals', 1795628683000);
INSERT INTO operation_outputs VALUES ('r-fork', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL, 1795628683925, 1795628684129, 'py_pickle', 'renewals', 1795628684000);
INSERT INTO operation_outputs VALUES ('r-fork', 9, 'publish', 'gASVDQAAAAAAAACMCXB1Ymxpc2hlZJQu', NULL, NULL, 1795628684131, 1795628684131, 'py_pickle', 'renewals', 1795628684000);
INSERT INTO workflow_events VALUES ('r-timeout', 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO workflow_events VALUES ('r-over', 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO workflow_events VALUES ('r-fork', 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO workflow_events_history VALUES ('r-timeout', 5, 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO workflow_events_history VALUES ('r-over', 5, 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO workflow_events_history VALUES ('r-fork', 5, 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO workflow_input VALUES ('r-timeout', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwqFlIwGa3dhcmdzlH2UdS4=', 1795628680000);
INSERT INTO workflow_input VALUES ('r-timeout-3', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', 1795628680000);
INSERT INTO workflow_input VALUES ('r-over', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUS1qFlIwGa3dhcmdzlH2UdS4=', 1795628681000);
INSERT INTO workflow_input VALUES ('r-over-3', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', 1795628681000);
INSERT INTO workflow_input VALUES ('r-approved', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628681000);
INSERT INTO workflow_input VALUES ('r-broken', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628681000);
INSERT INTO workflow_input VALUES ('r-deadline', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628681000);
INSERT INTO workflow_input VALUES ('r-cancel', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628682000);
INSERT INTO workflow_input VALUES ('r-fork', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwqFlIwGa3dhcmdzlH2UdS4=', 1795628683000);
INSERT INTO workflow_input VALUES ('r-fork-3', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', 1795628683000);
INSERT INTO workflow_output VALUES ('r-timeout-3', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 1795628680000);
INSERT INTO workflow_output VALUES ('r-timeout', 'gAROLg==', NULL, 1795628681000);
INSERT INTO workflow_output VALUES ('r-over-3', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 1795628681000);
INSERT INTO workflow_output VALUES ('r-over', NULL, 'gASVOAAAAAAAAACMCGJ1aWx0aW5zlIwKVmFsdWVFcnJvcpSTlIwWZGlzY291bnQgOTAlID4gbWF4IDMwJZSFlFKULg==', 1795628681000);
INSERT INTO workflow_output VALUES ('r-approved', 'gASVBwAAAAAAAACMA3llc5Qu', NULL, 1795628681000);
INSERT INTO workflow_output VALUES ('r-broken', NULL, 'gASVgAAAAAAAAACMC2Rib3MuX2Vycm9ylIwaREJPU01heFN0ZXBSZXRyaWVzRXhjZWVkZWSUk5SMCGhvcGVsZXNzlEsCXZQojAhidWlsdGluc5SMDFJ1bnRpbWVFcnJvcpSTlIwSdXBzdHJlYW0gNTAzIGFnYWlulIWUUpRoB2gIhZRSlGWHlFKULg==', 1795628681000);
INSERT INTO workflow_output VALUES ('r-fork-3', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 1795628683000);
INSERT INTO workflow_output VALUES ('r-fork', 'gAROLg==', NULL, 1795628684000);
INSERT INTO workflow_status VALUES ('r-timeout', 'SUCCESS', 'renewal', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628680000, 1795628681000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, 1, 0, 1795628681000, 'null', NULL, NULL, 0, 'renewals', '368946b2-ade6-4256-bec3-c1ce20a67157');
INSERT INTO workflow_status VALUES ('r-timeout-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628680000, 1795628680000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'r-timeout', 'py_pickle', NULL, 0, 0, 1795628680000, 'null', NULL, NULL, 0, 'renewals', 'd9ef1ac7-0bf1-4224-97ad-457adcb1f258');
INSERT INTO workflow_status VALUES ('r-over', 'ERROR', 'renewal', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628681000, 1795628681000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, 0, 0, 1795628681000, 'null', NULL, NULL, 0, 'renewals', 'c8a19dd8-2c34-40cb-91b8-1694c8bbcdaf');
INSERT INTO workflow_status VALUES ('r-over-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628681000, 1795628681000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'r-over', 'py_pickle', NULL, 0, 0, 1795628681000, 'null', NULL, NULL, 0, 'renewals', '9d277d7d-58dc-48d6-87e2-d8baab32cf4c');
INSERT INTO workflow_status VALUES ('r-approved', 'SUCCESS', 'approved', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628681000, 1795628681000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, 0, 0, 1795628681000, 'null', NULL, NULL, 0, 'renewals', 'a67621c1-c076-4ca8-b3dd-d3da6d46d45e');
INSERT INTO workflow_status VALUES ('r-broken', 'ERROR', 'broken', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628681000, 1795628681000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, 0, 0, 1795628681000, 'null', NULL, NULL, 0, 'renewals', 'ad258e37-bacd-47c8-b3e5-563b661ec018');
INSERT INTO workflow_status VALUES ('r-deadline', 'CANCELLED', 'slow', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628681000, 1795628682000, 'v7', '', NULL, NULL, 1, NULL, 250, 1795628682103, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, 0, 0, 1795628682000, 'null', NULL, NULL, 0, 'renewals', '601fe351-1536-4e13-919b-d41dd5ea2a50');
INSERT INTO workflow_status VALUES ('r-cancel', 'CANCELLED', 'slow', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628682000, 1795628683000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, 0, 0, 1795628683000, 'null', NULL, NULL, 0, 'renewals', 'a5650911-36f4-4b61-898d-e685f447ba40');
INSERT INTO workflow_status VALUES ('r-fork', 'SUCCESS', 'renewal', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628683000, 1795628684000, 'v7', '', NULL, NULL, 1, '_dbos_internal_queue', NULL, NULL, NULL, 1795628683000, NULL, 0, NULL, 'r-timeout', NULL, NULL, 'py_pickle', NULL, 0, 0, 1795628684000, 'null', NULL, NULL, 0, 'renewals', NULL);
INSERT INTO workflow_status VALUES ('r-fork-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628683000, 1795628683000, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'r-fork', 'py_pickle', NULL, 0, 0, 1795628683000, 'null', NULL, NULL, 0, 'renewals', 'd69d30d7-36ed-4954-a7b8-c37a8b3e53bd');
COMMIT;
