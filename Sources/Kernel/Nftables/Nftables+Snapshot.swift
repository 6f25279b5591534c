internal import CMnl
internal import CNftnl
internal import Glibc
public import Rulesets
public import System

extension Nftables {
    /// The number of attempts to read a table without a change during the reading.
    private static let attempts = 16

    /// The number of dumps of a set to find elements that earlier dumps missed.
    private static let dumps = 8

    /// Reads a table with all its objects, as of one generation.
    ///
    /// Every message carries the generation: if the ruleset changes during the reading, the table is read again.
    ///
    /// - Parameters:
    ///   - name: the table.
    ///   - expectation: the likely contents of big sets, which are looked up instead of dumped.
    ///   - toleratesChanges: whether a table counts as read, too, if two readings in a row agree on it, though the ruleset was
    ///     changed meanwhile.
    /// - Returns: the table, or `nil` in its place if it does not exist, with the generation.
    /// - Throws: `permission`, `unsupported`, `interrupted` if the ruleset changes at every attempt, `io`.
    public func snapshot(
        of name: TableName, expecting expectation: Expectation = .nothing, toleratesChanges: Bool = false
    ) throws(KernelError) -> TableSnapshot {
        var unsure: TableSnapshot?
        for _ in 0..<Self.attempts {
            let generation = try generation()
            var reading = TableReading(name: name, generation: generation, expecting: expectation.candidates)
            do throws(SystemError) {
                try read(&reading, expectation)
            } catch {
                // A set or a table deleted during the reading gives ENOENT: a change like any other.
                guard try self.generation() == generation else { continue }
                throw error.during("reading table \(name)")
            }
            let isConsistent = try self.generation() == generation && reading.isConsistent
            guard isConsistent || toleratesChanges else { continue }
            let snapshot = reading.snapshot(isFromKernel: true) { socket.interfaceName(of: $0) }
            if let unsure, unsure.table == snapshot.table { return snapshot }
            if isConsistent { return snapshot }
            unsure = snapshot
        }
        throw KernelError(
            .interrupted, "reading table \(name)",
            answer: "the ruleset changed during each of \(Self.attempts) attempts")
    }

    /// The tables of all families, in the order in which they were created.
    ///
    /// - Throws: `permission`, `unsupported`, `interrupted` if the ruleset changes meanwhile, `io`.
    public func tableNames() throws(KernelError) -> [TableName] {
        var names: [TableName] = []
        do throws(SystemError) {
            try get(NFT_MSG_GETTABLE, family: TableFamily(rawValue: 0), flags: NLM_F_DUMP) {
                message throws(SystemError) in
                guard let name = message.attributes?.name(NFTA_TABLE_NAME) else {
                    throw .malformed("a table without a name")
                }
                names.append(TableName(family: TableFamily(rawValue: message.family), name: name))
            }
        } catch {
            throw error.during("listing the tables")
        }
        return names
    }

    /// The number of elements in a set, by a dump.
    ///
    /// - Throws: `permission`, `io`; `missing` if the set or the table does not exist.
    func elementCount(of set: String, in table: TableName) throws(KernelError) -> Int {
        var count = 0
        do throws(SystemError) { try eachElement(of: set, in: table) { _ in count += 1 } } catch {
            throw error.during("counting the elements of set \(set)")
        }
        return count
    }

    /// The elements of a set that have other expressions than these, by a dump.
    ///
    /// - Throws: `permission`, `io`; `missing` if the set or the table does not exist.
    func elements(
        of set: String, in table: TableName, unlike expressions: [Expression]
    ) throws(KernelError) -> [SetElement] {
        var others: [SetElement] = []
        // All elements that a rule made have the same bytes.
        var agreeing: [UInt8] = []
        do throws(SystemError) {
            try eachElement(of: set, in: table) { found in
                guard let attributes = Attributes(found.payload) else { return }
                let bytes = attributes[NFTA_SET_ELEM_EXPR]
                if let bytes, bytes == agreeing[...] { return }
                let element = SetElement(from: attributes)
                if element.expressions != expressions {
                    others.append(element)
                } else {
                    agreeing = Array(bytes ?? [])
                }
            }
        } catch {
            throw error.during("reading the elements of set \(set)")
        }
        return others
    }

    /// Dumps a set, element by element.
    private func eachElement(
        of set: String, in table: TableName, _ body: (Attributes.Attribute) -> Void
    ) throws(SystemError) {
        try get(
            NFT_MSG_GETSETELEM, family: table.family, flags: NLM_F_DUMP,
            attributes: {
                $0.name(NFTA_SET_ELEM_LIST_TABLE, table.name)
                $0.name(NFTA_SET_ELEM_LIST_SET, set)
            }
        ) { message throws(SystemError) in
            var rest = message.attributes?[NFTA_SET_ELEM_LIST_ELEMENTS] ?? []
            while let element = Attributes.first(of: rest) {
                body(element)
                rest = rest[element.bytes.endIndex...]
            }
        }
    }

    private func read(_ reading: inout TableReading, _ expectation: Expectation) throws(SystemError) {
        let name = reading.name.name
        guard try readTable(&reading) else { return }
        try dump(NFT_MSG_GETCHAIN, &reading)
        try dump(NFT_MSG_GETSET, &reading) { $0.name(NFTA_SET_TABLE, name) }
        try dump(NFT_MSG_GETRULE, &reading) { $0.name(NFTA_RULE_TABLE, name) }
        try dump(NFT_MSG_GETOBJ, &reading) { $0.name(NFTA_OBJ_TABLE, name) }
        try readFlowtables(&reading)
        for set in reading.setsToRead {
            if let known = elements(of: set, in: reading, as: expectation) {
                reading.take(known, of: set)
            } else {
                try readElements(of: set, &reading)
            }
        }
    }

    /// Reads the table itself; `false` if it does not exist.
    private func readTable(_ reading: inout TableReading) throws(SystemError) -> Bool {
        let name = reading.name
        do throws(SystemError) {
            try get(NFT_MSG_GETTABLE, family: name.family, attributes: { $0.name(NFTA_TABLE_NAME, name.name) }) {
                message throws(SystemError) in
                try reading.add(message)
            }
            return true
        } catch {
            guard error.code == ENOENT else { throw error }
            return false
        }
    }

    /// Reads the flowtables; a kernel without their module has none.
    private func readFlowtables(_ reading: inout TableReading) throws(SystemError) {
        let name = reading.name.name
        do throws(SystemError) {
            try dump(NFT_MSG_GETFLOWTABLE, &reading) { $0.name(NFTA_FLOWTABLE_TABLE, name) }
        } catch {
            guard error.code == EOPNOTSUPP else { throw error }
        }
    }

    private func readElements(of set: String, _ reading: inout TableReading) throws(SystemError) {
        guard let collector = reading.collector(for: set) else { return }
        let name = reading.name.name
        reading.open = (set, collector)
        for _ in 0..<Self.dumps {
            try dump(NFT_MSG_GETSETELEM, &reading) {
                $0.name(NFTA_SET_ELEM_LIST_TABLE, name)
                $0.name(NFTA_SET_ELEM_LIST_SET, set)
            }
            if reading.closeSet() { return }
        }
    }

    private func dump(
        _ type: nf_tables_msg_types, _ reading: inout TableReading,
        _ filter: (inout AttributeWriter) -> Void = { _ in }
    ) throws(SystemError) {
        let isConsistent = try get(type, family: reading.name.family, flags: NLM_F_DUMP, attributes: filter) {
            message throws(SystemError) in
            if message.resource != UInt16(truncatingIfNeeded: reading.generation) { reading.isConsistent = false }
            try reading.add(message)
        }
        if !isConsistent { reading.isConsistent = false }
    }
}
