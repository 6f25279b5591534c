internal import Changes
internal import Compiler
internal import Policies
internal import System

extension BootLoading.Outcome {
    /// The outcome in one sentence.
    var text: String {
        switch self {
        case .table(let number, let record):
            "loaded change \(number) of \(UTCTime.text(record.time)) by \(record.author.text)"
        case .nothing(let number): "change \(number) removed table \(Names.table): nothing is loaded"
        case .neverApplied: "no change was ever confirmed on this host: nothing is loaded; run \"portreeve apply\""
        }
    }
}

extension BootLoading.Note {
    /// The note in one sentence.
    var text: String {
        switch self {
        case .settlement(let settlement): settlement.text
        case .unsettled(let error): "warning: \(error)"
        }
    }
}
