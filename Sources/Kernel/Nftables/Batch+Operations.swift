internal import CMnl
internal import CNftnl
internal import Rulesets

extension Batch {
    /// Appends the messages of one step; `snapshot` has the handles of the rules.
    mutating func append(_ operation: Transaction.Operation, step: Int, _ snapshot: TableSnapshot) {
        switch operation {
        case .addTable(let flags, let userdata): addTable(flags: flags, userdata: userdata, step: step)
        case .deleteTable: message(NFT_MSG_DELTABLE, step: step) { [table] in $0.name(NFTA_TABLE_NAME, table.name) }
        case .addChain(let chain): addChain(chain, step: step)
        case .deleteChain(let name): chain(NFT_MSG_DELCHAIN, name, step: step)
        case .setPolicy(let name, let policy):
            chain(NFT_MSG_NEWCHAIN, name, step: step) { $0.u32(NFTA_CHAIN_POLICY, policy.rawValue) }
        case .addRule(let rule, let chain, let index):
            addRule(rule, chain: chain, before: index.map { snapshot.handle(of: $0, chain: chain) }, step: step)
        case .deleteRule(let chain, let index):
            deleteRule(snapshot.handle(of: index, chain: chain), chain: chain, step: step)
        case .addSet(let name, let definition):
            let number = addSet(name, definition, step: step)
            if !references.isArchive { references.created[name] = number }
        case .deleteSet(let name):
            message(NFT_MSG_DELSET, step: step) { [table] in
                $0.name(NFTA_SET_TABLE, table.name)
                $0.name(NFTA_SET_NAME, name)
            }
        case .addElements(let elements, let set, let definition):
            addElements(elements, set: set, definition, number: references.created[set], step: step)
        case .deleteElements(let elements, let set, let definition):
            deleteElements(elements, set: set, definition, step: step)
        case .flushElements(let set):
            emptied.insert(set)
            message(NFT_MSG_DELSETELEM, step: step) { [table] in
                $0.name(NFTA_SET_ELEM_LIST_TABLE, table.name)
                $0.name(NFTA_SET_ELEM_LIST_SET, set)
            }
        case .addObject(let object): addObject(object, step: step)
        case .deleteObject(let object): deleteObject(object, step: step)
        }
    }

    private mutating func addTable(flags: UInt32, userdata: [UInt8], step: Int) {
        message(NFT_MSG_NEWTABLE, flags: NLM_F_CREATE | NLM_F_EXCL, step: step) { [table] attributes in
            attributes.name(NFTA_TABLE_NAME, table.name)
            attributes.u32(NFTA_TABLE_FLAGS, flags)
            if !userdata.isEmpty { attributes.bytes(NFTA_TABLE_USERDATA, userdata) }
        }
    }

    private mutating func addChain(_ chain: Chain, step: Int) {
        message(NFT_MSG_NEWCHAIN, flags: NLM_F_CREATE | NLM_F_EXCL, step: step) { [table] attributes in
            attributes.name(NFTA_CHAIN_TABLE, table.name)
            chain.encode(into: &attributes)
        }
    }

    private mutating func chain(
        _ type: nf_tables_msg_types, _ name: String, step: Int, _ body: (inout AttributeWriter) -> Void = { _ in }
    ) {
        message(type, step: step) { [table] attributes in
            attributes.name(NFTA_CHAIN_TABLE, table.name)
            attributes.name(NFTA_CHAIN_NAME, name)
            body(&attributes)
        }
    }

    /// Adds a rule before the rule with this handle, or at the end; the rule's anonymous sets are added first.
    private mutating func addRule(_ rule: Rule, chain: String, before handle: UInt64?, step: Int) {
        var references = references
        references.anonymous = rule.anonymousSets.map { set in
            let name = references.name(of: set, number: lastSetNumber + 1)
            let number = addSet(name, set.definition, step: step)
            addElements(set.elements, set: name, set.definition, number: number, step: step)
            return number
        }
        let flags = handle == nil ? NLM_F_CREATE | NLM_F_APPEND : NLM_F_CREATE
        // Moved out of the batch: `self` is modified while the memo is used.
        var memo = ExpressionMemo<[UInt8]?>()
        swap(&memo, &self.memo)
        defer { swap(&memo, &self.memo) }
        message(NFT_MSG_NEWRULE, flags: flags, step: step) { [table] attributes in
            attributes.name(NFTA_RULE_TABLE, table.name)
            attributes.name(NFTA_RULE_CHAIN, chain)
            if let handle { attributes.u64(NFTA_RULE_POSITION, handle) }
            rule.encode(into: &attributes, &references, &memo)
        }
    }

    private mutating func deleteRule(_ handle: UInt64, chain: String, step: Int) {
        message(NFT_MSG_DELRULE, step: step) { [table] attributes in
            attributes.name(NFTA_RULE_TABLE, table.name)
            attributes.name(NFTA_RULE_CHAIN, chain)
            attributes.u64(NFTA_RULE_HANDLE, handle)
        }
    }

    /// Adds a set; returns the number by which the rest of the batch refers to it.
    private mutating func addSet(_ name: String, _ definition: SetDefinition, step: Int) -> UInt32 {
        let number = newSetNumber()
        message(NFT_MSG_NEWSET, flags: NLM_F_CREATE | NLM_F_EXCL, step: step) { [table] attributes in
            attributes.name(NFTA_SET_TABLE, table.name)
            attributes.name(NFTA_SET_NAME, name)
            attributes.u32(NFTA_SET_ID, number)
            definition.encode(into: &attributes)
        }
        return number
    }

    private mutating func addObject(_ object: OpaqueObject, step: Int) {
        let isFlowtable = object.kind == .flowtable
        let type = isFlowtable ? NFT_MSG_NEWFLOWTABLE : NFT_MSG_NEWOBJ
        message(type, flags: NLM_F_CREATE | NLM_F_EXCL, step: step) { [table] attributes in
            if isFlowtable {
                attributes.name(NFTA_FLOWTABLE_TABLE, table.name)
            } else {
                attributes.name(NFTA_OBJ_TABLE, table.name)
            }
            object.encode(into: &attributes)
        }
    }

    private mutating func deleteObject(_ object: OpaqueObject, step: Int) {
        let isFlowtable = object.kind == .flowtable
        message(isFlowtable ? NFT_MSG_DELFLOWTABLE : NFT_MSG_DELOBJ, step: step) { [table] attributes in
            if isFlowtable {
                attributes.name(NFTA_FLOWTABLE_TABLE, table.name)
            } else {
                attributes.name(NFTA_OBJ_TABLE, table.name)
            }
            object.encodeIdentity(into: &attributes)
        }
    }
}

extension TableSnapshot {
    /// The kernel's handle of the rule with this index.
    fileprivate func handle(of index: Int, chain: String) -> UInt64 {
        guard let states = states[chain], states.indices.contains(index) else {
            preconditionFailure("the rule is not in the snapshot from which the transaction was made")
        }
        return states[index].handle
    }
}
