import Addressing
import CMnl
import CNftnl
import Glibc
import Listeners
import Rulesets
import TestSupport
import Testing

@testable import Kernel
@testable import System

/// Bytes that the kernel sends are trusted to be well formed by no reader: state and plan files hold the same messages.
@Suite("For any bytes, reading netlink messages ends with a value or an error", .privileged, .networkNamespace)
struct MutationTests {
    /// The messages about one table, as the kernel sends them.
    private struct Dump {
        let name: TableName
        let messages: [(type: UInt16, payload: [UInt8])]
        let table: Table
    }

    private static func dumps() throws -> [Dump] {
        try NftProgramTests.samples.map { sample in
            try NftProgram.load("flush ruleset\ntable \(sample.table) {\n\(sample.lines)\n}")
            let nftables = try Nftables()
            var messages: [(UInt16, [UInt8])] = []
            func dump(_ type: nf_tables_msg_types, _ attributes: (inout AttributeWriter) -> Void = { _ in }) throws {
                try nftables.get(type, family: sample.table.family, flags: NLM_F_DUMP, attributes: attributes) {
                    messages.append(($0.type, Array($0.payload)))
                }
            }
            let table = try #require(try nftables.snapshot(of: sample.table).table)
            for type in [NFT_MSG_GETTABLE, NFT_MSG_GETCHAIN, NFT_MSG_GETSET, NFT_MSG_GETRULE, NFT_MSG_GETOBJ] {
                try dump(type)
            }
            for set in messages.compactMap({
                $0 == UInt16(NFT_MSG_NEWSET.rawValue) | 0x0a00 ? Attributes($1[4...])?.name(NFTA_SET_NAME) : nil
            }) {
                try dump(NFT_MSG_GETSETELEM) {
                    $0.name(NFTA_SET_ELEM_LIST_TABLE, sample.table.name)
                    $0.name(NFTA_SET_ELEM_LIST_SET, set)
                }
            }
            return Dump(name: sample.table, messages: messages, table: table)
        }
    }

    /// Reads messages as the snapshot of a table does, and uses the table.
    private func read(_ messages: [(type: UInt16, payload: [UInt8])], _ dump: Dump, expecting: [Table]) -> Bool {
        var reading = TableReading(name: dump.name, generation: 0, expecting: expecting)
        do {
            for (type, payload) in messages {
                let message = NetlinkMessage(type: type, flags: 0, sequence: 0, payload: payload[...])
                if UInt32(type & 0xff) == NFT_MSG_NEWSETELEM.rawValue {
                    reading.closeSet()
                    let set = message.attributes?.name(NFTA_SET_ELEM_LIST_SET) ?? ""
                    reading.open = reading.collector(for: set).map { (set, $0) }
                }
                try reading.add(message)
            }
        } catch { return false }
        reading.closeSet()
        guard let table = reading.snapshot(isFromKernel: false).table else { return false }
        _ = table.nftText.utf8.count
        _ = Transaction(from: dump.table, to: table, named: dump.name).operations.count
        _ = Transaction(from: table, to: dump.table, named: dump.name).operations.count
        _ = TableArchive.table(dump.name, from: TableArchive.bytes(of: table))
        return true
    }

    /// An attribute with a nest in a nest, and so on.
    private static let words: [[UInt8]] = [
        [8, 0, 1, 0x80], [8, 0, 2, 0x80, 8, 0, 1, 0x80], [4, 0, 0, 0], [0xff, 0xff, 1, 0], [5, 0, 1, 0, 0, 0, 0, 0],
        [12, 0, 1, 0x80, 8, 0, 1, 0, 0xff, 0xff, 0xff, 0xff], [8, 0, 3, 0, 0, 0, 0, 0x10],
    ]

    @Test("Dumps of tables, chains, rules, sets, elements and objects")
    func tables() throws {
        let dumps = try Self.dumps()
        try MutationRun.run("netlink", few: 2000) { seed in
            var mutation = Mutation(seed: seed, words: Self.words)
            let (dump, other) = (mutation.pick(dumps), mutation.pick(mutation.pick(dumps).messages).payload)
            var messages = dump.messages
            let place = mutation.pick(messages.indices)
            let damaged = mutation.damaged(Array(messages[place].payload.dropFirst(4)), splicing: other)
            messages[place].payload.replaceSubrange(4..., with: damaged)
            if mutation.happens(onceIn: 8) { messages.append(mutation.pick(messages)) }
            if mutation.happens(onceIn: 8) { messages.remove(at: mutation.pick(messages.indices)) }
            return read(messages, dump, expecting: mutation.happens(onceIn: 2) ? [dump.table] : [])
        }
    }

    @Test("Datagrams, archives of tables and caches of sets")
    func archives() throws {
        let name = ArchiveTests.name
        let tables = (0..<UInt64(40)).map { seed in
            var maker = RandomTable(seed: seed)
            return maker.make(name)
        }
        let archives = try tables.map { try StateDocument(TableArchive.bytes(of: $0), kind: "table") }
        try MutationRun.run("archive", few: 500) { seed in
            var mutation = Mutation(seed: seed, words: Self.words)
            let place = mutation.pick(archives.indices)
            let document = archives[place]
            let damagedField = mutation.pick(document.fields.indices)
            var crafted = StateDocument(kind: document.kind)
            for (index, field) in document.fields.enumerated() {
                let bytes = Array(field.bytes)
                crafted.append(field.name, index == damagedField ? mutation.damaged(bytes, splicing: bytes) : bytes)
            }
            _ = NetlinkMessage.split(Array(crafted.fields[0].bytes), length: crafted.fields[0].bytes.count, portID: 0)
            _ = SetCache(mutation.damaged(crafted.bytes, splicing: document.bytes))
            guard let table = TableArchive.table(name, from: crafted.bytes) else { return false }
            _ = Transaction(from: tables[place], to: table, named: name).operations.count
            return table.nftText.utf8.count >= 0
        }
    }

    @Test("Error codes that no kernel answers with", arguments: [Int32.min, .max, -1, 0])
    func errorCodes(code: Int32) {
        let message = NetlinkMessage(
            type: UInt16(NLMSG_ERROR), flags: 0, sequence: 0, payload: UInt32(bitPattern: code).hostOrderBytes[...])
        #expect(message.status?.code == 0 &- code)
    }

    @Test("Connections, sockets, interfaces, routes and rules of routing")
    func others() throws {
        try NftProgram.load("table ip t { chain c { type filter hook input priority 0; ct state new accept; }; }")
        let payloads = try Self.replies()
        #expect(payloads.count > 8)
        try MutationRun.run("host", few: 2000) { seed in
            var mutation = Mutation(seed: seed, words: Self.words)
            let payload = mutation.damaged(mutation.pick(payloads), splicing: mutation.pick(payloads))[...]
            let message = NetlinkMessage(type: 0, flags: 0xffff, sequence: 0, payload: payload)
            var names = InterfaceNames()
            let connection = (try? TrackedConnection(message)).flatMap(\.self)
            var listeners: [Listener] = []
            if let socket = try? SocketMessage(payload) {
                _ = try? socket.connection(&names)
                try? socket.append(to: &listeners, .sctp, &names)
            }
            let error = NetlinkMessage(type: UInt16(NLMSG_ERROR), flags: 0xffff, sequence: 0, payload: payload)
            let all: [Any?] = [
                HostInterface(payload), TableRoute(payload), ReturnRoute(payload),
                RouteSelectors(rule: payload, own: []),
                TableRoute.gateways(payload), error.status?.text,
            ]
            return connection != nil || !listeners.isEmpty || all.contains { $0 != nil }
        }
    }

    /// Answers of the kernel about a connection, sockets, interfaces, addresses, routes and rules of routing.
    private static func replies() throws -> [[UInt8]] {
        _ = try Program.run([
            "sh", "-c",
            "ip link set lo up; ip link add v0 type veth peer name v1; ip link property add dev v0 altname other",
        ])
        let (listener, client) = (try TestSocket(.udp, "127.0.0.1", 9), try TestSocket(.udp, "127.0.0.1", 10))
        let server = try TestSocket(.tcp, "::", 80)
        try client.connect(to: "127.0.0.1", 9)
        try client.send()
        defer { [listener, client, server].forEach { $0.shut() } }
        var payloads: [[UInt8]] = []
        let routing = try NetlinkSocket(bus: NETLINK_ROUTE)
        for (type, header) in [
            (RTM_GETLINK, ifinfomsg().bytes), (RTM_GETROUTE, rtmsg().bytes), (RTM_GETRULE, fib_rule_hdr().bytes),
        ] {
            let sequence = routing.sequence()
            var message = nlmsghdr()
            message.nlmsg_len = UInt32(MemoryLayout<nlmsghdr>.size + header.count)
            message.nlmsg_type = UInt16(type)
            message.nlmsg_flags = UInt16(NLM_F_REQUEST | NLM_F_DUMP)
            message.nlmsg_seq = sequence
            try routing.request(message.bytes + header, sequence: sequence) { payloads.append(Array($0.payload)) }
        }
        let netfilter = try NetlinkSocket(bus: NETLINK_NETFILTER)
        let sequence = netfilter.sequence()
        let request = ConntrackRequest(
            IPCTNL_MSG_CT_GET, family: 0, flags: NLM_F_DUMP, sequence: sequence, attributes: [])
        try netfilter.request(request.bytes, sequence: sequence) { payloads.append(Array($0.payload)) }
        let diagnosis = try NetlinkSocket(bus: NETLINK_SOCK_DIAG)
        for (transport, family) in [(TransportProtocol.tcp, AF_INET6), (.udp, AF_INET)] {
            let sequence = diagnosis.sequence()
            let request = SocketRequest(.listening(transport), transport: transport, family: family, sequence: sequence)
            try diagnosis.request(request.bytes, sequence: sequence) { payloads.append(Array($0.payload)) }
        }
        return payloads
    }
}
