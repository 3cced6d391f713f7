"""The models on whose records promises rest; see ``oms.settings.mixin``."""

from odoo import models


class OmsSite(models.Model):
    _name = "oms.site"
    _inherit = ["oms.site", "oms.settings.mixin"]


class OmsChannel(models.Model):
    _name = "oms.channel"
    _inherit = ["oms.channel", "oms.settings.mixin"]


class OmsNetwork(models.Model):
    _name = "oms.network"
    _inherit = ["oms.network", "oms.settings.mixin"]


class OmsStrategy(models.Model):
    _name = "oms.strategy"
    _inherit = ["oms.strategy", "oms.settings.mixin"]


class OmsStrategyStage(models.Model):
    _name = "oms.strategy.stage"
    _inherit = ["oms.strategy.stage", "oms.settings.mixin"]


class OmsStrategyRule(models.Model):
    _name = "oms.strategy.rule"
    _inherit = ["oms.strategy.rule", "oms.settings.mixin"]


class OmsRate(models.Model):
    _name = "oms.rate"
    _inherit = ["oms.rate", "oms.settings.mixin"]


class OmsEmissionFactor(models.Model):
    _name = "oms.emission.factor"
    _inherit = ["oms.emission.factor", "oms.settings.mixin"]


class DeliveryCarrier(models.Model):
    _name = "delivery.carrier"
    _inherit = ["delivery.carrier", "oms.settings.mixin"]


class DeliveryPriceRule(models.Model):
    _name = "delivery.price.rule"
    _inherit = ["delivery.price.rule", "oms.settings.mixin"]


class UomUom(models.Model):
    _name = "uom.uom"
    _inherit = ["uom.uom", "oms.settings.mixin"]


class AccountTax(models.Model):
    _name = "account.tax"
    _inherit = ["account.tax", "oms.settings.mixin"]


class AccountFiscalPosition(models.Model):
    _name = "account.fiscal.position"
    _inherit = ["account.fiscal.position", "oms.settings.mixin"]


class ResCountryGroup(models.Model):
    """Fiscal positions count for the countries of a group."""

    _name = "res.country.group"
    _inherit = ["res.country.group", "oms.settings.mixin"]


class ResCurrency(models.Model):
    _name = "res.currency"
    _inherit = ["res.currency", "oms.settings.mixin"]


class ResCurrencyRate(models.Model):
    """Prices of methods are in another currency than their company's, or compared with one."""

    _name = "res.currency.rate"
    _inherit = ["res.currency.rate", "oms.settings.mixin"]


class ResCompany(models.Model):
    _name = "res.company"
    _inherit = ["res.company", "oms.settings.mixin"]


class ProductTemplate(models.Model):
    """The goods that stand for delivery methods say what these cost."""

    _name = "product.template"
    _inherit = "product.template"

    def write(self, vals):
        res = super().write(vals)
        if "list_price" in vals or "taxes_id" in vals:
            # sudo: methods are configuration, whoever changes prices
            Carrier = self.env["delivery.carrier"].sudo().with_context(active_test=False)
            if Carrier.search_count([("product_id.product_tmpl_id", "in", self.ids)], limit=1):
                self.env["oms.settings.mixin"]._forget_settings()
        return res
