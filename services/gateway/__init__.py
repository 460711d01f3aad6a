"""The gateway: the door. REST, public gRPC, keys, plans, and the catalogue behind them.

Consumes: kb.document.progressed, task.progressed (both only projected, for display and waiting).
Emits: kb.document.submitted, kb.document.removed, chat.message.recorded, memory.feedback.given,
owner.removed.
Owns: keys, projects, plans, knowledge bases, documents, messages, tasks, the correction log as
projected, and answers remembered for repeated requests.
Never: reads the index, writes a memory, or opens a document.
"""
