"""The one door between the values of this package and `codecraft.v1`; pure.

Each message has one decoder or one encoder, and a test fails when a field of the schema is not carried.

    values     tasks, observations, rewards      messages -> values
    events     what streams yield                messages -> values
    requests   actions and calls                 values -> messages
    status     a gRPC status                     -> errors
"""
