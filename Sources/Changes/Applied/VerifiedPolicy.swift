public import Auditing
public import Compiler
public import Policies
internal import Printing

/// The policy that a host is held against: the one that was applied, or the one in the file if the state knows of none.
public struct VerifiedPolicy {
    /// The policy.
    public let policy: Policy
    /// The policy in the file as it is now; `nil` if that cannot be used.
    public let declared: Policy?
    /// The entries of `accepted`: those in the file as it is now, since they change no table.
    public let acceptances: [Acceptance]
    /// Findings about the file: it was edited since it was applied, or cannot be used.
    public var findings: [Finding] = []
    /// Findings about lists that cannot be used, so that they are as they were applied.
    public let listFindings: [Finding]
    /// The compiled policy.
    public private(set) var compiled: CompiledPolicy

    private let record: AppliedRecord?
    /// The path of the file.
    private let path: String

    /// Whether the state knows what was applied.
    public var isRecorded: Bool { record != nil }

    /// How the file was edited since it was applied, or why it cannot be used; `nil` if it is as it was applied.
    public var edit: String? { difference?.words ?? fault }

    /// The last change that was applied, in words: `change 3 of 2026-11-25T22:00:00Z`, with its file if that is another one;
    /// `nil` if none is known.
    var changeInForce: String? { record.map { [$0.text, otherFile].compactMap(\.self).joined(separator: ", ") } }

    /// The file of the policy in force, if it is not the one that was named.
    private var otherFile: String? {
        guard let record, record.origin == nil, !record.isOf(path) else { return nil }
        return record.path
    }

    /// The fact that the file cannot be used, in a few words.
    var faultHeadline: String {
        otherFile == nil ? "the policy file cannot be used" : "\(path) cannot be used, and another file is in force"
    }

    /// The command that loads again what was applied, where `portreeve apply` would load another policy or none; `nil` if it
    /// would not, or if no change is known.
    public var restoration: String? {
        edit == nil || cure?.operand.isEmpty == false ? nil : record.flatMap(\.restoration)
    }

    /// How the file differs from the policy that was applied.
    public private(set) var difference: PolicyEdit?
    private var fault: String?
    /// What brings back the file; `nil` if there is one.
    private(set) var restoring: String?

    /// Chooses the policy; `nil` if there is neither a valid file nor an applied policy.
    ///
    /// - Parameters:
    ///   - path: the path of the file.
    ///   - file: the policy in the file, and its errors.
    ///   - record: the change that is in force; `nil` if none is known.
    ///   - options: the options with which the file was read.
    public init?(_ path: String, _ file: PolicyReading, record: AppliedRecord?, options: ReadingOptions) {
        let isApplied = record.map { record in file.policy.map { record.holds($0.texts) } ?? false } ?? false
        guard let record, !isApplied else {
            guard let policy = file.policy else { return nil }
            self.init(path, policy, record, declared: policy, file.refusedLists)
            return
        }
        guard let applied = record.policy(options) else {
            guard let policy = file.policy else { return nil }
            self.init(path, policy, nil, declared: policy, file.refusedLists)
            findings = [.unknown(record)]
            return
        }
        guard let policy = file.policy else {
            self.init(path, applied, record, declared: nil, [])
            findings = [.notApplied(path, file, record)]
            fault = Finding.fault(path, file, namesPlace: true)
            restoring = file.fault == .absent ? record.restoring(path) : nil
            return
        }
        let difference = PolicyDifference(from: applied, to: policy)
        if difference.parts.isEmpty && difference.lists.isEmpty {
            // Only comments and the like differ, so that the lines of the file are the better places.
            self.init(path, policy, record, declared: policy, file.refusedLists)
        } else {
            self.init(path, applied, record, declared: policy, file.refusedLists)
            findings = [.notApplied(path, difference, record)]
            if !difference.parts.isEmpty { self.difference = Finding.edit(path, difference, record) }
        }
    }

    private init(
        _ path: String, _ policy: Policy, _ record: AppliedRecord?, declared: Policy?, _ refusals: [ListRefusal]
    ) {
        self.path = path
        listFindings = refusals.map(Finding.listOutOfBounds)
        self.policy = policy
        self.record = record
        self.declared = declared
        acceptances = (declared ?? policy).acceptances
        compiled = compile(policy)
    }

    /// How "portreeve apply" loads this policy again; `nil` if it does by itself.
    public var cure: ApplyCure? {
        guard declared != nil else { return ApplyCure(condition: "once the policy file is fixed") }
        guard difference != nil, let record else { return nil }
        if let origin = record.origin {
            return ApplyCure(condition: "once the file has the policy of change \(origin)")
        }
        guard !record.isOf(path), let other = record.path else { return nil }
        return ApplyCure(operand: " \(other.shellWord)")
    }

    /// The finding with such a cure.
    func curing(_ finding: Finding) -> Finding { cure.map(finding.cured) ?? finding }

    /// Blames the difference of the file on a change that was undone, not on an edit.
    public mutating func attribute(to undone: UndoneChange) {
        guard let difference else { return }
        for index in findings.indices where findings[index].identifier == .notApplied {
            findings[index].message = "\(undone.fact); \(undone.cure) (\(difference.difference))"
        }
    }

    /// Expects the table that was applied where the live one is not what this version compiles the policy to.
    ///
    /// The tables are compared last, since the record holds every element and most runs do not need it.
    ///
    /// - Parameter isExpected: whether the live table is the given one.
    public mutating func settle(_ isExpected: (CompiledPolicy) -> Bool) {
        guard let record, !isExpected(compiled), let table = record.table, table != compiled.table else { return }
        compiled = compiled.carrying(table)
        // An edit that was not applied explains the same.
        guard findings.isEmpty else { return }
        findings = [.compiledOtherwise(policy, record)]
    }
}

/// How "portreeve apply" loads the policy that is in force again, where the file is not as it was applied.
public struct ApplyCure: Equatable {
    /// The words after the command, with a space before them: another file than the named one was applied.
    public var operand = ""
    /// What must come first; `nil` if nothing must.
    public var condition: String?
}
