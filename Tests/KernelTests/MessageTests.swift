import CNftnl
import Rulesets
import TestSupport
import Testing

@testable import Kernel

private let name = TableName(family: .inet, name: "portreeve")
private let addresses = SetDefinition(keyType: 7, keyLength: 4, flags: .interval)
private let verdicts = SetDefinition(
    keyType: 0x30d, keyLength: 8, flags: .map, dataType: SetDefinition.verdictType, dataLength: 0)
private let limits = SetDefinition(
    keyType: 7, keyLength: 4, flags: [.dynamic, .timeout], size: 65535, timeout: 60_000)
private let pairs = SetDefinition(
    keyType: 7 << 6 | 13, keyLength: 8, flags: [.interval, .concatenated], fieldLengths: [4, 2])

/// The messages of a transaction, but for those that begin and end the batch.
private func messages(_ operations: [Transaction.Operation]) -> [[UInt8]] {
    var snapshot = TableSnapshot(generation: 1, table: nil)
    snapshot.states = ["input": [RuleState(handle: 7)]]
    var batch = Batch(table: name, generation: 1, firstSequence: 1)
    for (step, operation) in operations.enumerated() { batch.append(operation, step: step, snapshot) }
    batch.end()
    return batch.bytes.messages.dropFirst().dropLast()
}

extension ArraySlice<UInt8> {
    /// The messages that lie one behind the other.
    fileprivate var messages: [[UInt8]] {
        var (rest, messages): (Self, [[UInt8]]) = (self, [])
        while !rest.isEmpty {
            let length = rest.prefix(4).reversed().reduce(0) { $0 << 8 | Int($1) }
            messages.append(Array(rest.prefix(length)))
            rest = rest.dropFirst((length + 3) & ~3)
        }
        return messages
    }
}

extension String {
    /// The lines without the blanks at their ends, and without empty ones.
    fileprivate var lines: [String] {
        split(separator: "\n").map { line in
            let end = line.lastIndex { $0 != " " }
            return String(line[...(end ?? line.startIndex)])
        }
    }
}

@Suite("libnftnl reads what portreeve writes")
struct MessageTests {
    /// Each kind of message, with what libnftnl prints for it.
    static let operations: [(Transaction.Operation, String)] = [
        (.addTable(flags: 1, userdata: [0, 2, 65, 0]), "table portreeve inet flags 1 use 0 handle 0"),
        (.deleteTable, "table portreeve inet flags 0 use 0 handle 0"),
        (.addChain(Chain(name: "admit", userdata: [0, 2, 65, 0])), "inet portreeve admit use 0"),
        (
            .addChain(
                Chain(
                    name: "input",
                    base: BaseChain(type: "filter", hook: .input, priority: -5, policy: .drop))),
            "inet portreeve input use 0 type filter hook input prio -5 policy drop packets 0 bytes 0"
        ),
        (.deleteChain("admit"), "inet portreeve admit use 0"),
        (.setPolicy(chain: "input", .accept), "inet portreeve input use 0"),
        (
            .addRule(Rule([.verdict(.drop)]), chain: "input", before: nil),
            "inet portreeve input\n  [ immediate reg 0 drop ]"
        ),
        (
            .addRule(Rule([.verdict(.drop)]), chain: "input", before: 0),
            "inet portreeve input 7\n  [ immediate reg 0 drop ]"
        ),
        (.deleteRule(chain: "input", index: 0), "inet portreeve input 7"),
        (.addSet("office", addresses), "office portreeve 4"), (.addSet("services", verdicts), "services portreeve 8"),
        (.addSet("limit", limits), "limit portreeve 30 timeout 60000ms size 65535"),
        (.addSet("pairs", pairs), "pairs portreeve 84"), (.deleteSet("office"), "office portreeve 0"),
        (
            .addElements(.ranges32([0x0a00_0000...0x0aff_ffff]), set: "office", addresses),
            "office portreeve 0\n\telement 0000000a  : 0 [end]\telement 0000000b  : 1 [end]"
        ),
        (
            .deleteElements(.ranges32([0x0a00_0000...0x0aff_ffff]), set: "office", addresses),
            "office portreeve 0\n\telement 0000000a  : 0 [end]\telement 0000000b  : 1 [end]"
        ),
        (
            .addElements(
                .list([SetElement(key: [6, 0, 0, 0, 0, 22, 0, 0], value: .verdict(.goto("admit")))]), set: "services",
                verdicts), "services portreeve 0\n\telement 00000006 00001600  : goto -> admit 0 [end]"
        ),
        (
            .addElements(
                .list([
                    SetElement(
                        key: [10, 0, 0, 1], timeout: 60_000, expressions: [.limit(RateLimit(rate: 1, unit: 60))],
                        userdata: [0, 2, 65, 0])
                ]), set: "limit", limits),
            "limit portreeve 0\n\telement 0100000a  : 0 [end]  userdata = { \\x00\\x02A\\x00 }"
        ),
        (
            .addElements(
                .list([SetElement(key: [10, 0, 0, 0, 0, 22, 0, 0], upper: [10, 0, 0, 9, 0, 23, 0, 0])]), set: "pairs",
                pairs), "pairs portreeve 0\n\telement 0000000a 00001600  - 0900000a 00001700  : 0 [end]"
        ),
        (.flushElements(set: "office"), "office portreeve 0"),
    ]

    @Test("Each kind of message", arguments: operations)
    func operation(_ operation: Transaction.Operation, text: String) throws {
        for message in messages([operation]) {
            let read = try #require(LibnftnlMessage(message), "\(message)")
            #expect(read.text.lines == text.lines)
            expectSame(message, read)
        }
    }

    /// Each kind of expression, with what libnftnl prints for it.
    static let expressions: [(Expression, String)] = [
        (.meta(.time, into: .first), "[ meta load time => reg 1 ]"),
        (
            .payload(Payload(base: .transport, offset: 2, length: 2, into: .secondWord)),
            "[ payload load 2b @ transport header + 2 => reg 9 ]"
        ),
        (.conntrack(ConntrackLoad(.destinationPort, direction: 0)), "[ ct load proto_dst => reg 1 , dir original ]"),
        (.compare(Comparison(.equal, [10, 0, 0, 1])), "[ cmp eq reg 1 0x0100000a ]"),
        (.compare(Comparison(.notEqual, [6])), "[ cmp neq reg 1 0x00000006 ]"),
        (.compare(Comparison(.less, [0, 22])), "[ cmp lt reg 1 0x00001600 ]"),
        (.compare(Comparison(.lessOrEqual, [0, 22])), "[ cmp lte reg 1 0x00001600 ]"),
        (.compare(Comparison(.greater, [0, 22])), "[ cmp gt reg 1 0x00001600 ]"),
        (.compare(Comparison(.greaterOrEqual, [0, 22])), "[ cmp gte reg 1 0x00001600 ]"),
        (
            .range(RangeComparison(isInverted: false, source: .first, lower: [0, 22], upper: [0, 80])),
            "[ range eq reg 1 0x00001600 0x00005000 ]"
        ),
        (
            .range(RangeComparison(isInverted: true, source: .first, lower: [0, 22], upper: [0, 80])),
            "[ range neq reg 1 0x00001600 0x00005000 ]"
        ),
        (
            .bitwise(BitwiseMask(mask: [255, 255, 0, 0], xor: [0, 0, 0, 1])),
            "[ bitwise reg 1 = ( reg 1 & 0x0000ffff ) ^ 0x01000000 ]"
        ),
        (
            .byteOrder(ByteOrderConversion(toNetwork: true, length: 8, size: 8)),
            "[ byteorder reg 1 = hton(reg 1, 8, 8) ]"
        ),
        (
            .byteOrder(ByteOrderConversion(toNetwork: false, length: 4, size: 2)),
            "[ byteorder reg 1 = ntoh(reg 1, 2, 4) ]"
        ),
        (.lookup(Lookup(.named("office"))), "[ lookup reg 1 set office 0x0 ]"),
        (.lookup(Lookup(.named("office"), isInverted: true)), "[ lookup reg 1 set office 0x1 ]"),
        (.lookup(Lookup(.named("services"), destination: .verdict)), "[ lookup reg 1 set services dreg 0 0x0 ]"),
        (
            .dynamicSet(DynamicSet(.update, set: "limit", expressions: [.limit(RateLimit(rate: 9, unit: 60))])),
            "[ dynset update reg_key 1 set limit expr [ limit rate 9/minute burst 5 type packets flags 0x0 ] ]"
        ),
        (
            .dynamicSet(DynamicSet(.add, set: "limit", timeout: 5000)),
            "[ dynset add reg_key 1 set limit timeout 5000ms ]"
        ),
        (.connectionCount(ConnectionCount(50, isOver: true)), "[ connlimit count 50 flags 1 ]"),
        (.dynamicSet(DynamicSet(.delete, set: "limit")), "[ dynset delete reg_key 1 set limit ]"),
        (.immediate(Immediate([0, 22])), "[ immediate reg 1 0x00001600 ]"),
        (.verdict(.accept), "[ immediate reg 0 accept ]"), (.verdict(.drop), "[ immediate reg 0 drop ]"),
        (.verdict(.continue), "[ immediate reg 0 continue ]"),
        (.verdict(.return), "[ immediate reg 0 return ]"),
        (.verdict(.jump("admit")), "[ immediate reg 0 jump -> admit ]"),
        (.verdict(.goto("admit")), "[ immediate reg 0 goto -> admit ]"), (.counter, "[ counter pkts 0 bytes 0 ]"),
        (
            .limit(RateLimit(rate: 10, unit: 3600, burst: 7, isOver: true)),
            "[ limit rate 10/hour burst 7 type packets flags 0x1 ]"
        ),
        (
            .limit(RateLimit(rate: 1024, unit: 1, burst: 4096, countsBytes: true)),
            "[ limit rate 1024/second burst 4096 type bytes flags 0x0 ]"
        ),
        (.log(LogStatement(prefix: "in: ", level: 6, flags: 3)), "[ log prefix in:  level 6 tcpseq tcpopt ]"),
        (.log(LogStatement(prefix: nil)), "[ log level 4 ]"),
        (.log(LogStatement(prefix: "in: ", group: 5)), "[ log prefix in:  group 5 snaplen 0 qthreshold 0 ]"),
        (.reject(.tcpReset), "[ reject type 1 code 0 ]"), (.reject(.adminProhibited), "[ reject type 2 code 3 ]"),
        (.reject(Reject(type: 0, code: 3)), "[ reject type 0 code 3 ]"),
        (
            .translate(
                AddressTranslation(
                    .destination, family: 2, addresses: RegisterPair(first: .first, last: .first),
                    ports: RegisterPair(first: .secondWord, last: .secondWord))),
            "[ nat dnat ip addr_min reg 1 proto_min reg 9 flags 0x2 ]"
        ),
        (
            .number(
                NumberGenerator(.hash(of: .second, length: 4, seed: 0x706f_7274), modulus: 2)),
            "[ hash reg 1 = jhash(reg 2, 4, 0x706f7274) % mod 2 ]"
        ),
        (.number(NumberGenerator(.turn, modulus: 3, offset: 1)), "[ numgen reg 1 = inc mod 3 offset 1 ]"),
        (
            .number(NumberGenerator(.random, modulus: 3)), "[ numgen reg 1 = random mod 3 ]"
        ),
        (
            .translate(
                AddressTranslation(
                    .source, family: 10, addresses: RegisterPair(first: .first, last: .secondWord), flags: 1)),
            "[ nat snat ip6 addr_min reg 1 addr_max reg 9 flags 0x1 ]"
        ),
        (
            .redirect(PortRedirection(ports: RegisterPair(first: .first, last: .first), flags: 2)),
            "[ redir proto_min reg 1 proto_max reg 1 flags 0x2 ]"
        ),
        (.redirect(PortRedirection(ports: nil)), "[ redir ]"),
        (.setConntrack(ConntrackAssignment(.labels)), "[ ct set label with reg 1 ]"),
        (.setConntrack(ConntrackAssignment(.labels, from: .secondWord)), "[ ct set label with reg 9 ]"),
        (.route(RouteLookup(.interface, flags: [.source, .inputInterface])), "[ fib saddr . iif oif => reg 1 ]"),
        (
            .route(RouteLookup(.interfaceName, flags: [.destination, .isPresent])),
            "[ fib daddr oifname present => reg 1 ]"
        ),
        (.route(RouteLookup(.addressType, flags: .destination)), "[ fib daddr type => reg 1 ]"),
        (
            .xtables(XtablesExtension(.match, name: "addrtype", revision: 1, info: Array(repeating: 0, count: 16))),
            "[ match name addrtype rev 1 ]"
        ),
        (
            .xtables(XtablesExtension(.target, name: "LOG", revision: 0, info: Array(repeating: 0, count: 32))),
            "[ target name LOG rev 0 ]"
        ),
    ]

    @Test("Each kind of expression", arguments: expressions)
    func expression(_ expression: Expression, text: String) throws {
        let message = try #require(messages([.addRule(Rule([expression]), chain: "input", before: nil)]).first)
        let read = try #require(LibnftnlMessage(message), "\(message)")
        let lines = read.text.split(separator: "\n").dropFirst()
        #expect(lines.map { String($0.drop { $0 == " " }) } == [text])
        #expect(expression.listing.map { "[ \($0) ]" } == text)
        expectSame(message, read)
    }

    @Test("No kind of expression is left out")
    func complete() {
        #expect(Set(Self.expressions.map { Self.kind($0.0) }) == Set(0..<22))
    }

    /// A number for each kind but the opaque ones; a kind that is new does not compile until it is listed.
    private static func kind(_ expression: Expression) -> Int {
        switch expression {
        case .meta: 0
        case .payload: 1
        case .conntrack: 2
        case .compare: 3
        case .range: 4
        case .bitwise: 5
        case .byteOrder: 6
        case .lookup: 7
        case .dynamicSet: 8
        case .immediate: 9
        case .verdict: 10
        case .counter: 11
        case .limit: 12
        case .log: 13
        case .reject: 14
        case .translate: 15
        case .redirect: 16
        case .route: 17
        case .xtables: 18
        case .setConntrack: 19
        case .connectionCount: 20
        case .number: 21
        case .opaque: 22
        }
    }

    @Test("Random tables, message by message", arguments: 0..<60 as Range<UInt64>)
    func random(seed: UInt64) throws {
        var random = RandomTable(seed: seed)
        let (old, new) = (random.make(name), random.make(name))
        for message in messages(new.creation) + messages(Transaction(from: nil, to: old, named: name).operations) {
            expectSame(message, try #require(LibnftnlMessage(message), "\(message)"))
        }
    }

    /// What libnftnl writes for what it has read is the same message: it has neither missed nor invented anything.
    private func expectSame(_ message: [UInt8], _ read: LibnftnlMessage) {
        guard let ours = Attributes(message[20...]),
            let theirs = Attributes(read.rebuilt[20...])?.withoutElementNumbers(UInt32(message[4]))
        else {
            Issue.record("the attributes do not read: \(message) \(read.rebuilt)")
            return
        }
        #expect(theirs.isEquivalent(to: ours), "\(read.text)\n\(message)\n\(read.rebuilt)")
    }
}

extension Attributes {
    /// The same with the type that lists have for each element of a set, where libnftnl numbers them, which the kernel ignores.
    fileprivate func withoutElementNumbers(_ type: UInt32) -> Attributes? {
        guard [NFT_MSG_NEWSETELEM.rawValue, NFT_MSG_DELSETELEM.rawValue].contains(type),
            let list = nest(NFTA_SET_ELEM_LIST_ELEMENTS)
        else { return self }
        var writer = AttributeWriter()
        writer.append(raw: without([NFTA_SET_ELEM_LIST_ELEMENTS]).bytes)
        writer.nest(NFTA_SET_ELEM_LIST_ELEMENTS) { elements in
            for element in list { elements.nest(NFTA_LIST_ELEM) { $0.append(raw: element.payload) } }
        }
        return Attributes(writer.written)
    }
}
