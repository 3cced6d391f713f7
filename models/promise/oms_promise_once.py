from odoo import api, models
from odoo.tools import SQL


class OmsPromise(models.Model):
    """Promises as customers see them: one for the same goods, whatever was lost on its way."""

    _inherit = "oms.promise"

    @api.model
    def _get_once_sql(self):
        """Return a query of promises, each counted once.

        Goods that were lost on their way are promised for the same day by who sends them again. To
        the customer that is one promise: it is the first one that counts, and it is kept if all
        that replaced what was lost came in time.

        :return: a query of ``id``, ``state`` and ``arrived_at``, to be put in parentheses
        :rtype: SQL
        """
        return SQL(
            """
            WITH RECURSIVE replacing AS (
                SELECT replaced.id AS lost_id, promise.id, promise.state, promise.arrived_at,
                       fulfillment.state AS goods
                  FROM oms_promise replaced
                  JOIN oms_fulfillment lost
                    ON lost.id = replaced.fulfillment_id AND lost.state = 'lost'
                  JOIN oms_promise promise ON promise.carried_from_id = replaced.id
                  JOIN oms_fulfillment fulfillment ON fulfillment.id = promise.fulfillment_id
                 UNION
                SELECT replacing.lost_id, promise.id, promise.state, promise.arrived_at,
                       fulfillment.state
                  FROM replacing
                  JOIN oms_promise promise ON promise.carried_from_id = replacing.id
                  JOIN oms_fulfillment fulfillment ON fulfillment.id = promise.fulfillment_id
                 WHERE replacing.goods IN ('rejected', 'cancelled', 'lost')
            ), outcome AS (
                SELECT lost_id,
                       CASE WHEN BOOL_OR(state = 'late') THEN 'late'
                            WHEN BOOL_OR(state = 'open') THEN 'open'
                            WHEN BOOL_OR(state = 'early') THEN 'early'
                            ELSE 'kept' END AS state,
                       CASE WHEN BOOL_AND(arrived_at IS NOT NULL) THEN MAX(arrived_at) END
                           AS arrived_at
                  FROM replacing
                 WHERE state != 'dropped' AND goods != 'lost'
              GROUP BY lost_id
            )
            SELECT promise.id,
                   COALESCE(outcome.state, promise.state) AS state,
                   CASE WHEN outcome.lost_id IS NULL THEN promise.arrived_at
                        ELSE outcome.arrived_at END AS arrived_at
              FROM oms_promise promise
         LEFT JOIN outcome ON outcome.lost_id = promise.id
             WHERE NOT EXISTS (SELECT FROM replacing WHERE replacing.id = promise.id)
            """
        )
