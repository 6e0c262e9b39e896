CREATE SCHEMA dbos;
CREATE TABLE dbos.notifications (
    message_uuid text DEFAULT gen_random_uuid() NOT NULL,
    destination_uuid text NOT NULL,
    topic text,
    message text NOT NULL,
    created_at_epoch_ms bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    serialization text,
    consumed boolean DEFAULT false NOT NULL,
    consumed_by_function_id integer
);
CREATE TABLE dbos.operation_outputs (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    function_name text DEFAULT ''::text NOT NULL,
    output text,
    error text,
    child_workflow_id text,
    started_at_epoch_ms bigint,
    completed_at_epoch_ms bigint,
    serialization text,
    application_name text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.workflow_events_history (
    workflow_uuid text NOT NULL,
    function_id integer NOT NULL,
    key text NOT NULL,
    value text NOT NULL,
    serialization text
);
CREATE TABLE dbos.workflow_input (
    workflow_uuid text NOT NULL,
    inputs text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.workflow_output (
    workflow_uuid text NOT NULL,
    output text,
    error text,
    retention_timestamp bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL
);
CREATE TABLE dbos.workflow_status (
    workflow_uuid text NOT NULL,
    status text,
    name text,
    authenticated_user text,
    assumed_role text,
    authenticated_roles text,
    request text,
    output text,
    error text,
    executor_id text,
    created_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    updated_at bigint DEFAULT ((EXTRACT(epoch FROM now()) * 1000.0))::bigint NOT NULL,
    application_version text,
    application_id text,
    class_name character varying(255) DEFAULT NULL::character varying,
    config_name character varying(255) DEFAULT NULL::character varying,
    recovery_attempts bigint DEFAULT 0,
    queue_name text,
    workflow_timeout_ms bigint,
    workflow_deadline_epoch_ms bigint,
    inputs text,
    started_at_epoch_ms bigint,
    deduplication_id text,
    priority integer DEFAULT 0 NOT NULL,
    queue_partition_key text,
    forked_from text,
    owner_xid text,
    parent_workflow_id text,
    serialization text,
    delay_until_epoch_ms bigint,
    was_forked_from boolean DEFAULT false NOT NULL,
    rate_limited boolean DEFAULT false NOT NULL,
    completed_at bigint,
    attributes jsonb,
    schedule_name text,
    debounce_deadline_epoch_ms bigint,
    is_debounced boolean DEFAULT false NOT NULL,
    application_name text,
    creator_xid text
);
INSERT INTO dbos.notifications VALUES ('699deb6a-5bba-459d-a25f-978e60b7262f', 'r-approved', 'approval', 'gASVBwAAAAAAAACMA3llc5Qu', 1795628689821, 'py_pickle', true, 1);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsKcy4=', NULL, NULL, 1795628688886, 1795628688888, 'py_pickle', 'renewals', 1795628688889);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 2, 'flaky', 'gARLBy4=', NULL, NULL, 1795628688891, 1795628688924, 'py_pickle', 'renewals', 1795628688925);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 3, 'child', NULL, NULL, 'r-timeout-3', 1795628688926, 1795628688930, NULL, 'renewals', 1795628688929);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL, 1795628688931, 1795628688932, 'py_pickle', 'renewals', 1795628688933);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-timeout-3', 1795628688926, 1795628688937, 'py_pickle', 'renewals', 1795628688937);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 5, 'DBOS.setEvent', NULL, NULL, NULL, 1795628688938, 1795628688941, NULL, 'renewals', 1795628688939);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 6, 'DBOS.sleep', '1795628688.9939399', NULL, NULL, 1795628688942, 1795628688993, 'portable_json', 'renewals', 1795628688944);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 8, 'DBOS.sleep', '1795628689.199471', NULL, NULL, 1795628688998, 1795628688999, 'portable_json', 'renewals', 1795628689000);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL, 1795628688994, 1795628689204, 'py_pickle', 'renewals', 1795628689202);
INSERT INTO dbos.operation_outputs VALUES ('r-timeout', 9, 'publish', 'gASVDQAAAAAAAACMCXB1Ymxpc2hlZJQu', NULL, NULL, 1795628689205, 1795628689206, 'py_pickle', 'renewals', 1795628689207);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEtacy4=', NULL, NULL, 1795628689210, 1795628689211, 'py_pickle', 'renewals', 1795628689212);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 2, 'flaky', 'gARLBy4=', NULL, NULL, 1795628689213, 1795628689244, 'py_pickle', 'renewals', 1795628689245);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 3, 'child', NULL, NULL, 'r-over-3', 1795628689246, 1795628689248, NULL, 'renewals', 1795628689248);
INSERT INTO dbos.operation_outputs VALUES ('r-over-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL, 1795628689249, 1795628689250, 'py_pickle', 'renewals', 1795628689250);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-over-3', 1795628689246, 1795628689251, 'py_pickle', 'renewals', 1795628689252);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 5, 'DBOS.setEvent', NULL, NULL, NULL, 1795628689252, 1795628689254, NULL, 'renewals', 1795628689253);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 6, 'DBOS.sleep', '1795628689.306504', NULL, NULL, 1795628689255, 1795628689306, 'portable_json', 'renewals', 1795628689257);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 8, 'DBOS.sleep', '1795628689.5095315', NULL, NULL, 1795628689308, 1795628689309, 'portable_json', 'renewals', 1795628689310);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL, 1795628689306, 1795628689513, 'py_pickle', 'renewals', 1795628689512);
INSERT INTO dbos.operation_outputs VALUES ('r-over', 9, 'publish', NULL, 'gASVOAAAAAAAAACMCGJ1aWx0aW5zlIwKVmFsdWVFcnJvcpSTlIwWZGlzY291bnQgOTAlID4gbWF4IDMwJZSFlFKULg==', NULL, 1795628689514, 1795628689515, 'py_pickle', 'renewals', 1795628689516);
INSERT INTO dbos.operation_outputs VALUES ('r-approved', 2, 'DBOS.sleep', '1795628694.5221994', NULL, NULL, 1795628689521, 1795628689522, 'portable_json', 'renewals', 1795628689522);
INSERT INTO dbos.operation_outputs VALUES ('r-approved', 1, 'DBOS.recv', 'gASVBwAAAAAAAACMA3llc5Qu', NULL, NULL, 1795628689519, 1795628689826, 'py_pickle', 'renewals', 1795628689824);
INSERT INTO dbos.operation_outputs VALUES ('r-broken', 1, 'hopeless', NULL, 'gASVgAAAAAAAAACMC2Rib3MuX2Vycm9ylIwaREJPU01heFN0ZXBSZXRyaWVzRXhjZWVkZWSUk5SMCGhvcGVsZXNzlEsCXZQojAhidWlsdGluc5SMDFJ1bnRpbWVFcnJvcpSTlIwSdXBzdHJlYW0gNTAzIGFnYWlulIWUUpRoB2gIhZRSlGWHlFKULg==', NULL, 1795628689830, 1795628689843, 'py_pickle', 'renewals', 1795628689844);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 1, 'DBOS.sleep', '1795628689.9485567', NULL, NULL, 1795628689847, 1795628689948, 'portable_json', 'renewals', 1795628689849);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 2, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628689948, 1795628689950, 'py_pickle', 'renewals', 1795628689951);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 3, 'DBOS.sleep', '1795628690.0544775', NULL, NULL, 1795628689953, 1795628690054, 'portable_json', 'renewals', 1795628689955);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 4, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690054, 1795628690056, 'py_pickle', 'renewals', 1795628690058);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 5, 'DBOS.sleep', '1795628690.1595697', NULL, NULL, 1795628690058, 1795628690159, 'portable_json', 'renewals', 1795628690060);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 6, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690159, 1795628690161, 'py_pickle', 'renewals', 1795628690162);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 7, 'DBOS.sleep', '1795628690.2640398', NULL, NULL, 1795628690163, 1795628690264, 'portable_json', 'renewals', 1795628690164);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 8, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690264, 1795628690265, 'py_pickle', 'renewals', 1795628690266);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 9, 'DBOS.sleep', '1795628690.3687966', NULL, NULL, 1795628690267, 1795628690368, 'portable_json', 'renewals', 1795628690269);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 10, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690369, 1795628690371, 'py_pickle', 'renewals', 1795628690371);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 11, 'DBOS.sleep', '1795628690.4732144', NULL, NULL, 1795628690372, 1795628690473, 'portable_json', 'renewals', 1795628690373);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 12, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690473, 1795628690475, 'py_pickle', 'renewals', 1795628690476);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 13, 'DBOS.sleep', '1795628690.5782013', NULL, NULL, 1795628690477, 1795628690578, 'portable_json', 'renewals', 1795628690478);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 14, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690578, 1795628690580, 'py_pickle', 'renewals', 1795628690581);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 15, 'DBOS.sleep', '1795628690.6826532', NULL, NULL, 1795628690581, 1795628690682, 'portable_json', 'renewals', 1795628690583);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 16, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690683, 1795628690685, 'py_pickle', 'renewals', 1795628690686);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 17, 'DBOS.sleep', '1795628690.7873304', NULL, NULL, 1795628690686, 1795628690787, 'portable_json', 'renewals', 1795628690688);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 18, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690787, 1795628690789, 'py_pickle', 'renewals', 1795628690789);
INSERT INTO dbos.operation_outputs VALUES ('r-deadline', 19, 'DBOS.sleep', '1795628690.8913157', NULL, NULL, 1795628690790, 1795628690891, 'portable_json', 'renewals', 1795628690792);
INSERT INTO dbos.operation_outputs VALUES ('r-cancel', 1, 'DBOS.sleep', '1795628690.99688', NULL, NULL, 1795628690895, 1795628690996, 'portable_json', 'renewals', 1795628690897);
INSERT INTO dbos.operation_outputs VALUES ('r-cancel', 2, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628690997, 1795628690998, 'py_pickle', 'renewals', 1795628690999);
INSERT INTO dbos.operation_outputs VALUES ('r-cancel', 3, 'DBOS.sleep', '1795628691.101269', NULL, NULL, 1795628691000, 1795628691101, 'portable_json', 'renewals', 1795628691002);
INSERT INTO dbos.operation_outputs VALUES ('r-cancel', 4, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsBcy4=', NULL, NULL, 1795628691101, 1795628691103, 'py_pickle', 'renewals', 1795628691104);
INSERT INTO dbos.operation_outputs VALUES ('r-cancel', 5, 'DBOS.sleep', '1795628691.2059362', NULL, NULL, 1795628691105, 1795628691205, 'portable_json', 'renewals', 1795628691106);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 1, 'offer', 'gASVFQAAAAAAAAB9lIwMZGlzY291bnRfcGN0lEsKcy4=', NULL, NULL, 1795628688886, 1795628688888, 'py_pickle', 'renewals', 1795628691214);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 2, 'flaky', 'gARLBy4=', NULL, NULL, 1795628691790, 1795628691822, 'py_pickle', 'renewals', 1795628691824);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 3, 'child', NULL, NULL, 'r-fork-3', 1795628691825, 1795628691827, NULL, 'renewals', 1795628691827);
INSERT INTO dbos.operation_outputs VALUES ('r-fork-3', 1, 'find_customer', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, NULL, 1795628691828, 1795628691829, 'py_pickle', 'renewals', 1795628691830);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 4, 'DBOS.getResult', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 'r-fork-3', 1795628691825, 1795628691831, 'py_pickle', 'renewals', 1795628691832);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 5, 'DBOS.setEvent', NULL, NULL, NULL, 1795628691833, 1795628691834, NULL, 'renewals', 1795628691833);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 6, 'DBOS.sleep', '1795628691.8868744', NULL, NULL, 1795628691835, 1795628691886, 'portable_json', 'renewals', 1795628691837);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 8, 'DBOS.sleep', '1795628692.0903783', NULL, NULL, 1795628691889, 1795628691890, 'portable_json', 'renewals', 1795628691891);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 7, 'DBOS.recv', 'gAROLg==', NULL, NULL, 1795628691887, 1795628692093, 'py_pickle', 'renewals', 1795628692092);
INSERT INTO dbos.operation_outputs VALUES ('r-fork', 9, 'publish', 'gASVDQAAAAAAAACMCXB1Ymxpc2hlZJQu', NULL, NULL, 1795628692094, 1795628692096, 'py_pickle', 'renewals', 1795628692097);
INSERT INTO dbos.workflow_events_history VALUES ('r-timeout', 5, 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO dbos.workflow_events_history VALUES ('r-over', 5, 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO dbos.workflow_events_history VALUES ('r-fork', 5, 'state', 'gASVEgAAAAAAAACMDmh1bWFuX3JlcXVpcmVklC4=', 'py_pickle');
INSERT INTO dbos.workflow_input VALUES ('r-timeout', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwqFlIwGa3dhcmdzlH2UdS4=', 1795628688882);
INSERT INTO dbos.workflow_input VALUES ('r-timeout-3', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', 1795628688929);
INSERT INTO dbos.workflow_input VALUES ('r-over', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUS1qFlIwGa3dhcmdzlH2UdS4=', 1795628689210);
INSERT INTO dbos.workflow_input VALUES ('r-over-3', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', 1795628689248);
INSERT INTO dbos.workflow_input VALUES ('r-approved', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628689519);
INSERT INTO dbos.workflow_input VALUES ('r-broken', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628689830);
INSERT INTO dbos.workflow_input VALUES ('r-deadline', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628689846);
INSERT INTO dbos.workflow_input VALUES ('r-cancel', 'gASVGAAAAAAAAAB9lCiMBGFyZ3OUKYwGa3dhcmdzlH2UdS4=', 1795628690895);
INSERT INTO dbos.workflow_input VALUES ('r-fork', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSwqFlIwGa3dhcmdzlH2UdS4=', 1795628691214);
INSERT INTO dbos.workflow_input VALUES ('r-fork-3', 'gASVGwAAAAAAAAB9lCiMBGFyZ3OUSxGFlIwGa3dhcmdzlH2UdS4=', 1795628691827);
INSERT INTO dbos.workflow_output VALUES ('r-timeout-3', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 1795628688936);
INSERT INTO dbos.workflow_output VALUES ('r-timeout', 'gAROLg==', NULL, 1795628689209);
INSERT INTO dbos.workflow_output VALUES ('r-over-3', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 1795628689251);
INSERT INTO dbos.workflow_output VALUES ('r-over', NULL, 'gASVOAAAAAAAAACMCGJ1aWx0aW5zlIwKVmFsdWVFcnJvcpSTlIwWZGlzY291bnQgOTAlID4gbWF4IDMwJZSFlFKULg==', 1795628689518);
INSERT INTO dbos.workflow_output VALUES ('r-approved', 'gASVBwAAAAAAAACMA3llc5Qu', NULL, 1795628689828);
INSERT INTO dbos.workflow_output VALUES ('r-broken', NULL, 'gASVgAAAAAAAAACMC2Rib3MuX2Vycm9ylIwaREJPU01heFN0ZXBSZXRyaWVzRXhjZWVkZWSUk5SMCGhvcGVsZXNzlEsCXZQojAhidWlsdGluc5SMDFJ1bnRpbWVFcnJvcpSTlIwSdXBzdHJlYW0gNTAzIGFnYWlulIWUUpRoB2gIhZRSlGWHlFKULg==', 1795628689845);
INSERT INTO dbos.workflow_output VALUES ('r-fork-3', 'gASVCAAAAAAAAACMBGMtMTeULg==', NULL, 1795628691831);
INSERT INTO dbos.workflow_output VALUES ('r-fork', 'gAROLg==', NULL, 1795628692098);
INSERT INTO dbos.workflow_status VALUES ('r-timeout-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628688929, 1795628688936, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'r-timeout', 'py_pickle', NULL, false, false, 1795628688936, 'null', NULL, NULL, false, 'renewals', '82ebe79a-7d93-43f0-a041-d677ab6c5a80');
INSERT INTO dbos.workflow_status VALUES ('r-over-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628689248, 1795628689251, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'r-over', 'py_pickle', NULL, false, false, 1795628689251, 'null', NULL, NULL, false, 'renewals', '800c6624-7a99-44fb-b193-f4aed8147ab8');
INSERT INTO dbos.workflow_status VALUES ('r-over', 'ERROR', 'renewal', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628689210, 1795628689518, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, false, false, 1795628689518, 'null', NULL, NULL, false, 'renewals', '68b933c8-df5e-4b5c-bae7-36e6fa294d4a');
INSERT INTO dbos.workflow_status VALUES ('r-approved', 'SUCCESS', 'approved', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628689519, 1795628689828, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, false, false, 1795628689828, 'null', NULL, NULL, false, 'renewals', 'ec13ee94-6922-4e3b-9d52-f1a84aed7c7f');
INSERT INTO dbos.workflow_status VALUES ('r-broken', 'ERROR', 'broken', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628689830, 1795628689845, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, false, false, 1795628689845, 'null', NULL, NULL, false, 'renewals', 'ab325429-14af-43b3-832d-286877348eb3');
INSERT INTO dbos.workflow_status VALUES ('r-deadline', 'CANCELLED', 'slow', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628689846, 1795628690875, 'v7', '', NULL, NULL, 1, NULL, 250, 1795628690096, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, false, false, 1795628690875, 'null', NULL, NULL, false, 'renewals', 'c08b008f-1345-4c05-9eb0-d599084a438f');
INSERT INTO dbos.workflow_status VALUES ('r-cancel', 'CANCELLED', 'slow', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628690895, 1795628691148, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, false, false, 1795628691148, 'null', NULL, NULL, false, 'renewals', '7a58345e-eb27-4681-bfec-baac02740801');
INSERT INTO dbos.workflow_status VALUES ('r-timeout', 'SUCCESS', 'renewal', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628688882, 1795628689209, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, NULL, 'py_pickle', NULL, true, false, 1795628689209, 'null', NULL, NULL, false, 'renewals', '61c23850-2b15-434f-a687-29eb82c7acde');
INSERT INTO dbos.workflow_status VALUES ('r-fork-3', 'SUCCESS', 'child', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628691827, 1795628691831, 'v7', '', NULL, NULL, 1, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, NULL, 'r-fork', 'py_pickle', NULL, false, false, 1795628691831, 'null', NULL, NULL, false, 'renewals', 'da5015f1-d4e3-447c-9b4f-eaaff04edd57');
INSERT INTO dbos.workflow_status VALUES ('r-fork', 'SUCCESS', 'renewal', NULL, NULL, NULL, NULL, NULL, NULL, 'local', 1795628691214, 1795628692098, 'v7', '', NULL, NULL, 1, '_dbos_internal_queue', NULL, NULL, NULL, 1795628691781, NULL, 0, NULL, 'r-timeout', NULL, NULL, 'py_pickle', NULL, false, false, 1795628692098, 'null', NULL, NULL, false, 'renewals', NULL);
