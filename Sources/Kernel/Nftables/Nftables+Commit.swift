internal import CNftnl
internal import Glibc
public import Rulesets
public import System

extension Nftables {
    /// The room for one refusal in the socket's buffer, with the kernel's overhead, in bytes.
    private static let replyLength = 1024

    /// Applies a transaction as a whole or not at all, unless another process committed since the snapshot.
    ///
    /// An empty transaction sends nothing. After an error other than `generationChanged`, `rejected` and `permission`
    /// the table must be read again to know whether the transaction took effect.
    ///
    /// - Parameters:
    ///   - transaction: the steps, in order.
    ///   - snapshot: the state from which the transaction was made: its generation must be current; it has the rules'
    ///     handles.
    /// - Returns: the generation that the commit made; the snapshot's generation if there was nothing to do.
    /// - Throws: `generationChanged` and `rejected` if nothing was changed; `permission`, `unsupported`, `io`.
    public func commit(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) -> UInt32 {
        try commit(transaction, onto: snapshot, asksAcknowledgement: true)
    }

    /// Commits with or without an acknowledgement; tests use both.
    ///
    /// If the kernel does not answer, it has refused nothing, and the generation tells whether it committed.
    func commit(
        _ transaction: Transaction, onto snapshot: TableSnapshot, asksAcknowledgement: Bool
    ) throws(KernelError) -> UInt32 {
        guard !transaction.isEmpty else { return snapshot.generation }
        _ = try run(transaction, snapshot, commits: true, asksAcknowledgement: asksAcknowledgement)
        // Not the current generation: another process may have committed in the meantime.
        return try generation() == snapshot.generation ? snapshot.generation : snapshot.nextGeneration
    }

    /// Has the kernel check a transaction and changes nothing: the batch is sent without its end.
    ///
    /// - Throws: the error that `commit` would throw.
    public func validate(_ transaction: Transaction, onto snapshot: TableSnapshot) throws(KernelError) {
        guard !transaction.isEmpty else { return }
        guard try run(transaction, snapshot, commits: false) else {
            throw KernelError(
                .io, "validating a change of table \(transaction.table)", answer: "no reply from the kernel")
        }
    }

    /// Sends the batch; returns whether the kernel acknowledged it.
    private func run(
        _ transaction: Transaction, _ snapshot: TableSnapshot, commits: Bool, asksAcknowledgement: Bool = true
    ) throws(KernelError) -> Bool {
        var batch = Batch(table: transaction.table, generation: snapshot.generation, firstSequence: socket.sequence())
        batch.reserve(transaction.estimatedLength)
        for (step, operation) in transaction.operations.enumerated() { batch.append(operation, step: step, snapshot) }
        if asksAcknowledgement { batch.requestAcknowledgement() }
        if commits { batch.end() }
        socket.skipSequence(batch.count)
        let (refusals, isAcknowledged): ([Refusal], Bool)
        do throws(SystemError) {
            (refusals, isAcknowledged) = try send(batch)
        } catch {
            var error = error.during("changing table \(transaction.table)")
            if error.category == .io { error.advice = "the change may be live; run \"portreeve status\"" }
            throw error
        }
        guard let first = refusals.min(by: { $0.sequence < $1.sequence }) else { return isAcknowledged }
        throw first.error(in: transaction, step: batch.step(of: first.sequence))
    }

    /// Whether the kernel accepts each message of a batch, whose last message asks for an acknowledgement.
    func accepts(_ batch: borrowing Batch) throws(SystemError) -> Bool {
        let (refusals, isAcknowledged) = try send(batch)
        return refusals.isEmpty && isAcknowledged
    }

    /// The steps that the kernel refuses of a batch without an end, whose last message asks for an acknowledgement.
    ///
    /// The kernel goes on after a refusal, and undoes the batch once it has seen all of it. Refusals that the socket's buffer could
    /// not hold are missing.
    ///
    /// - Throws: `ESTALE` if the batch was refused as a whole, such as in another generation; the errors of the socket.
    func refusedSteps(of batch: borrowing Batch) throws(SystemError) -> Set<Int> {
        var steps: Set<Int> = []
        for refusal in try send(batch).0 {
            guard let step = batch.step(of: refusal.sequence) else { throw SystemError(code: ESTALE) }
            steps.insert(step)
        }
        return steps
    }

    private func send(_ batch: borrowing Batch) throws(SystemError) -> ([Refusal], isAcknowledged: Bool) {
        socket.expectReplies(bytes: Int(batch.count) * Self.replyLength)
        try socket.send(batch.bytes)
        return try replies(to: batch)
    }

    /// Collects the refusals and whether the kernel acknowledged the batch; it replies before `send` returns.
    private func replies(to batch: borrowing Batch) throws(SystemError) -> ([Refusal], isAcknowledged: Bool) {
        var buffer = NetlinkSocket.receiveBuffer()
        var refusals: [Refusal] = []
        var (isAcknowledged, loss) = (false, SystemError?.none)
        while true {
            do throws(SystemError) {
                guard let messages = try socket.receive(into: &buffer, waits: false) else { break }
                for message in messages where batch.contains(message.sequence) {
                    guard let status = message.status else { continue }
                    if status.code == 0 {
                        isAcknowledged = true
                    } else {
                        refusals.append(Refusal(sequence: message.sequence, status: status))
                    }
                }
            } catch {
                // The socket's buffer overflowed: report the refusals that arrived.
                guard error.code == ENOBUFS else { throw error }
                loss = error
            }
        }
        if refusals.isEmpty, let loss { throw loss }
        return (refusals, isAcknowledged)
    }
}

/// The kernel's refusal of one message of a batch.
private struct Refusal {
    /// The sequence number of the message.
    var sequence: UInt32
    /// The kernel's error.
    var status: SystemError

    /// The refusal as an error.
    func error(in transaction: Transaction, step: Int?) -> KernelError {
        let table = "table \(transaction.table)"
        let attempt = step.map { "\(transaction.operations[$0].attempt) \(table)" } ?? "changing \(table)"
        return switch status.code {
        case ERESTART:
            KernelError(.generationChanged, attempt, answer: "another process changed the ruleset; nothing was written")
        // EPERM for the whole batch: CAP_NET_ADMIN is missing; EPERM for one step: another process owns the table.
        case EPERM where step == nil: KernelError(.permission, attempt, code: status.code, answer: status.text)
        case EPROTONOSUPPORT: KernelError(.unsupported, attempt, code: status.code, answer: status.text)
        default: KernelError(.rejected, attempt, code: status.code, answer: status.text)
        }
    }
}

extension Transaction.Operation {
    /// The step in words, up to the name of the table.
    fileprivate var attempt: String {
        switch self {
        case .addTable: "adding"
        case .deleteTable: "deleting"
        case .addChain(let chain): "adding chain \"\(chain.name)\" to"
        case .deleteChain(let name): "deleting chain \"\(name)\" of"
        case .setPolicy(let chain, let policy): "setting the policy of chain \"\(chain)\" to \(policy) in"
        case .addRule(_, let chain, _): "adding a rule to chain \"\(chain)\" of"
        case .deleteRule(let chain, let index): "deleting rule \(index + 1) of chain \"\(chain)\" of"
        case .addSet(let name, _): "adding set \"\(name)\" to"
        case .deleteSet(let name): "deleting set \"\(name)\" of"
        case .addElements(let elements, let set, _): "adding \(elements.count) elements to set \"\(set)\" of"
        case .deleteElements(let elements, let set, _): "deleting \(elements.count) elements from set \"\(set)\" of"
        case .flushElements(let set): "emptying set \"\(set)\" of"
        case .addObject(let object): "adding object \"\(object.name)\" to"
        case .deleteObject(let object): "deleting object \"\(object.name)\" of"
        }
    }
}
