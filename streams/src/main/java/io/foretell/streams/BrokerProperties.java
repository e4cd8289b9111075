package io.foretell.streams;

import java.nio.file.Path;
import java.util.Properties;

/** Settings of the embedded broker: one node, loopback only, small. */
final class BrokerProperties {
    static final int NODE_ID = 1;
    static final String CONTROLLER = "CONTROLLER";
    static final int MAX_MESSAGE_BYTES = 16 * 1024 * 1024;

    private BrokerProperties() {}

    static Properties of(Path folder, int port, int controllerPort) {
        Properties p = new Properties();
        p.put("process.roles", "broker,controller");
        p.put("node.id", String.valueOf(NODE_ID));
        p.put("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
        p.put("listeners", "BROKER://127.0.0.1:" + port + ",CONTROLLER://127.0.0.1:" + controllerPort);
        p.put("advertised.listeners", "BROKER://127.0.0.1:" + port);
        p.put("listener.security.protocol.map", "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT");
        p.put("inter.broker.listener.name", "BROKER");
        p.put("controller.listener.names", CONTROLLER);
        p.put("log.dirs", folder.toAbsolutePath().toString());
        p.put("auto.create.topics.enable", "false");
        p.put("message.max.bytes", String.valueOf(MAX_MESSAGE_BYTES));
        p.put("replica.fetch.max.bytes", String.valueOf(MAX_MESSAGE_BYTES));
        p.put("num.network.threads", "2");
        p.put("num.io.threads", "4");
        p.put("num.recovery.threads.per.data.dir", "2");
        p.put("log.cleaner.dedupe.buffer.size", "4194304");
        // Broker and controller are one process: when it is suspended, neither must take the other for dead afterwards,
        // because share groups do not survive that. What a killed broker leaves is ended by KilledBroker.
        p.put("broker.session.timeout.ms", "600000");
        p.put("broker.heartbeat.interval.ms", "500");
        internalTopics(p);
        shareGroups(p);
        return p;
    }

    /** The same node as a controller alone, which takes a broker it does not hear of for dead at once. */
    static Properties ofController(Path folder, int controllerPort) {
        Properties p = new Properties();
        p.put("process.roles", "controller");
        p.put("node.id", String.valueOf(NODE_ID));
        p.put("controller.quorum.voters", NODE_ID + "@127.0.0.1:" + controllerPort);
        p.put("listeners", "CONTROLLER://127.0.0.1:" + controllerPort);
        p.put("listener.security.protocol.map", "CONTROLLER:PLAINTEXT");
        p.put("controller.listener.names", CONTROLLER);
        p.put("log.dirs", folder.toAbsolutePath().toString());
        p.put("broker.session.timeout.ms", "500");
        p.put("broker.heartbeat.interval.ms", "250");
        return p;
    }

    private static void internalTopics(Properties p) {
        p.put("offsets.topic.replication.factor", "1");
        p.put("offsets.topic.num.partitions", "4");
        p.put("transaction.state.log.replication.factor", "1");
        p.put("transaction.state.log.min.isr", "1");
        p.put("transaction.state.log.num.partitions", "4");
        p.put("share.coordinator.state.topic.replication.factor", "1");
        p.put("share.coordinator.state.topic.min.isr", "1");
        p.put("share.coordinator.state.topic.num.partitions", "4");
        // Positions of a run that was stopped for months must still be there.
        p.put("offsets.retention.minutes", String.valueOf(Integer.MAX_VALUE));
        p.put("transactional.id.expiration.ms", String.valueOf(Integer.MAX_VALUE));
        p.put("group.initial.rebalance.delay.ms", "0");
    }

    private static void shareGroups(Properties p) {
        p.put("group.share.min.session.timeout.ms", "2000");
        p.put("group.share.session.timeout.ms", "5000");
        p.put("group.share.min.heartbeat.interval.ms", "500");
        p.put("group.share.heartbeat.interval.ms", "1000");
        p.put("group.share.min.record.lock.duration.ms", "1000");
        p.put("group.share.record.lock.duration.ms", "60000");
        p.put("group.share.max.record.lock.duration.ms", "3600000");
        p.put("group.share.delivery.count.limit", "10");
        // Any interval is counted from a time on the disk, and after the clock was set back nobody would get records
        // until then.
        p.put("group.share.assignment.interval.ms", "0");
        p.put("group.share.initialize.retry.interval.ms", "1000");
    }
}
